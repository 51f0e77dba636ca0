// The panels of settings: layers, first weights, optimizer, loss.

import { $, fill, isEdited, labelled } from './form.js';

const WORDS = {
  sigmoid: 'sigmoid', tanh: 'tanh', relu: 'ReLU', leaky_relu: 'leaky ReLU', elu: 'ELU', selu: 'SELU', softplus: 'softplus', silu: 'SiLU', mish: 'Mish', gelu: 'GELU', identity: 'identity',
  xavier: 'Xavier', he: 'He', zeros: 'zeros', descent: 'gradient descent', momentum: 'momentum', adam: 'Adam', rprop: 'Rprop', lbfgs: 'L-BFGS', levenberg_marquardt: 'Levenberg–Marquardt',
  softmax_cross_entropy: 'cross-entropy', smoothed_cross_entropy: 'cross-entropy, smoothed', mean_squared_error: 'mean squared error', absolute_error: 'mean absolute error', huber: 'Huber',
  beta1: 'β₁', beta2: 'β₂', epsilon: 'ε', decay: 'Weight decay', nesterov: 'Nesterov', shrink: 'Shrink', grow: 'Grow', smallest: 'Smallest step', largest: 'Largest step', history: 'Steps kept', damping: 'Damping',
};
const PARAMETERS = { leaky_relu: 'Slope', elu: 'α', smoothed_cross_entropy: 'Smoothing ε', huber: 'Threshold δ' };
const LOSS_PARAMETERS = { smoothed_cross_entropy: 0.1, huber: 1 };

/** The field's word for a name of the engine. */
export const word = name => WORDS[name] ?? name;

export class SettingsPanel {
  #app; #shown = ''; #optimizerShown = '';

  constructor(app) {
    this.#app = app;
    const number = id => $(id).valueAsNumber;
    $('init').onchange = () => this.#renew({ init: $('init').value });
    $('gain').onchange = () => { if (number('gain') >= 0) this.#renew({ gain: number('gain') }); else this.#reject(); };
    $('network-seed').onchange = () => { if (number('network-seed') >= 0) this.#renew({ seed: Math.floor(number('network-seed')) }); else this.#reject(); };
    $('optimizer').onchange = () => this.#retrain({ optimizer: $('optimizer').value, settings: {}, ...(this.#optimizer($('optimizer').value).batches ? {} : { batch: 0 }) });
    for (const [id, key] of [['rate', 'rate'], ['l2', 'l2'], ['batch', 'batch'], ['order-seed', 'seed']]) {
      $(id).onchange = () => { if (number(id) >= 0) this.#retrain({ [key]: number(id) }); else this.#reject(); };
    }
    $('loss').onchange = () => this.#retrain({ loss: $('loss').value, parameter: null });
    $('loss-parameter').onchange = () => { if (number('loss-parameter') >= 0) this.#retrain({ parameter: number('loss-parameter') }); else this.#reject(); };
  }

  /** What can be chosen, once the engine is there. */
  offer({ optimizers, inits }) {
    $('optimizer').replaceChildren(...optimizers.map(({ name }) => new Option(word(name), name)));
    $('init').replaceChildren(...inits.map(name => new Option(word(name), name)));
  }

  /** Fills the fields from the settings and the open lab. */
  show() {
    const { settings: { network, training, data }, about, lab } = this.#app;
    fill('init', network.init); fill('gain', network.gain); fill('network-seed', network.seed);
    $('gain-label').hidden = network.init !== 'xavier';
    $('start-fields').disabled = data.name === 'model';
    const optimizer = this.#optimizer(training.optimizer);
    fill('optimizer', training.optimizer);
    fill('rate', training.rate); fill('l2', training.l2); fill('batch', training.batch); fill('order-seed', training.seed);
    $('rate').disabled = !optimizer.rate; $('batch').disabled = $('order-seed').disabled = !optimizer.batches;
    this.#showOptimizer(optimizer, training);
    if (lab) {
      const losses = about.losses[lab.task] ?? [];
      $('loss').replaceChildren(...losses.map(name => new Option(word(name), name)));
      const loss = training.loss ?? losses[0];
      $('loss').value = loss;
      $('loss-parameter-label').hidden = !(loss in PARAMETERS);
      $('loss-parameter-label').firstChild.textContent = `${PARAMETERS[loss] ?? 'Parameter'} `;
      fill('loss-parameter', training.parameter ?? LOSS_PARAMETERS[loss] ?? '');
    }
    this.#showLayers(network.hidden, data.name === 'model');
  }

  #renew(patch) { return this.#app.renew(() => patch); }
  #retrain(patch) { return this.#app.retrain(() => patch); }

  // A value that makes no sense is replaced by the one before.
  #reject() { this.#shown = ''; this.show(); }

  #optimizer(name) { return this.#app.about.optimizers.find(optimizer => optimizer.name === name) ?? this.#app.about.optimizers[0]; }

  #showOptimizer({ name, settings }, training) {
    // Made only for another optimizer: a field that has the focus keeps it.
    if (name !== this.#optimizerShown) {
      this.#optimizerShown = name;
      $('optimizer-settings').replaceChildren(...Object.entries(settings).map(([key, usual]) => this.#optimizerField(`${name}-${key}`, key, usual)));
    }
    for (const [key, usual] of Object.entries(settings)) {
      const value = training.settings[key] ?? usual;
      if (typeof usual === 'boolean') $(`${name}-${key}`).checked = value;
      else fill(`${name}-${key}`, value);
    }
  }

  #optimizerField(id, key, usual) {
    const isFlag = typeof usual === 'boolean', input = Object.assign(document.createElement('input'), { id, type: isFlag ? 'checkbox' : 'number', step: 'any' });
    const change = value => this.#app.retrain(({ settings }) => ({ settings: { ...settings, [key]: value } }));
    input.onchange = () => {
      if (isFlag) change(input.checked);
      else if (Number.isFinite(input.valueAsNumber)) change(input.valueAsNumber);
      else this.#reject();
    };
    const label = labelled(key === 'momentum' ? 'Momentum' : word(key), input);
    if (isFlag) label.className = 'tick';
    return label;
  }

  #showLayers(hidden, fixed) {
    const { about, lab } = this.#app, focus = document.activeElement?.id;
    $('network-size').textContent = lab ? `${[lab.inputs.length, ...lab.layers.map(layer => layer.units)].join('–')}, ${lab.parameters} parameters` : '';
    const shown = JSON.stringify([hidden, fixed && lab?.layers]);
    if (isEdited($('layers')) || shown === this.#shown) return;
    this.#shown = shown;
    if (fixed) {
      const known = lab?.layers.slice(0, -1).map(({ units, activation }) => `${units} × ${word(activation)}`).join(', ');
      $('layers').textContent = `The layers are those of the model: ${known || 'none hidden'}.`;
      return;
    }
    const edit = change => this.#app.renew(({ hidden }) => ({ hidden: change(hidden) }));
    const add = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Add a layer', id: 'add-layer', disabled: hidden.length >= about.limits.layers });
    add.onclick = () => edit(layers => [...layers, layers.at(-1) ?? { units: 3, activation: 'sigmoid', parameter: null }]);
    $('layers').replaceChildren(...hidden.map((layer, k) => this.#layerBox(layer, k, edit)), add);
    if (focus) document.getElementById(focus)?.focus();
  }

  // The fields of one layer. `edit` changes the list of all layers.
  #layerBox({ units, activation, parameter }, k, edit) {
    const { about: { limits, activations } } = this.#app, change = patch => edit(layers => layers.map((layer, j) => j === k ? { ...layer, ...patch } : layer));
    const box = document.createElement('fieldset'), legend = document.createElement('legend');
    box.className = 'layer';
    legend.textContent = `Layer ${k + 1}`;
    const count = Object.assign(document.createElement('input'), { type: 'number', min: 1, max: limits.units, value: units, id: `units-${k}` });
    count.onchange = () => { const n = Math.round(count.valueAsNumber); if (n >= 1) change({ units: Math.min(n, limits.units) }); else this.#reject(); };
    const choice = Object.assign(document.createElement('select'), { id: `activation-${k}` });
    choice.append(...activations.map(({ name }) => new Option(word(name), name)));
    choice.value = activation;
    choice.onchange = () => change({ activation: choice.value, parameter: null });
    const remove = Object.assign(document.createElement('button'), { type: 'button', textContent: '×', ariaLabel: `Remove layer ${k + 1}`, title: 'Remove this layer' });
    remove.onclick = () => { edit(layers => layers.filter((_, j) => j !== k)); $('add-layer')?.focus(); };
    box.append(legend, labelled('Units', count), labelled('Activation', choice), remove);
    const usual = activations.find(({ name }) => name === activation)?.parameter;
    if (usual !== null && usual !== undefined) box.append(this.#activationParameter(activation, parameter ?? usual, k, change));
    return box;
  }

  #activationParameter(activation, value, k, change) {
    const input = Object.assign(document.createElement('input'), { type: 'number', step: 'any', value, id: `parameter-${k}` });
    input.onchange = () => { if (Number.isFinite(input.valueAsNumber)) change({ parameter: input.valueAsNumber }); else this.#reject(); };
    const label = labelled(PARAMETERS[activation] ?? 'Parameter', input);
    label.className = 'parameter';
    return label;
  }
}
