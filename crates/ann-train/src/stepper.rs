//! Updates of a run: the optimizer, with the schedule of the learning rate and the step of each parameter.

use ann_core::vector::{dot, scale};
use ann_core::{Layout, Network, Problem, Scalar};

use crate::optimizer::{LbfgsBuffers, LmBuffers, Segment, Update, segments};
use crate::training::rows_with_weight;
use crate::{Memory, Objective, ObjectiveValue, Optimizer, Result, State, TrainConfig, factors};

/// Makes the updates of a run.
#[derive(Debug)]
pub(crate) struct Stepper<F> {
    layout: Layout,
    config: TrainConfig,
    /// Number of updates of the whole run, for schedules.
    planned: u64,
    segments: Vec<Segment>,
    /// ∂J/∂θ, and after it ∂J/∂s if there are input factors.
    gradient: Vec<F>,
    search: SearchBuffers<F>,
}

/// Working space of an optimizer that evaluates J at several points.
#[derive(Debug)]
enum SearchBuffers<F> {
    None,
    Lbfgs(LbfgsBuffers<F>),
    LevenbergMarquardt(Box<LmBuffers<F>>),
}

impl<F: Scalar> Stepper<F> {
    pub fn new(problem: &Problem<'_, F>, config: &TrainConfig) -> Result<Self> {
        let segments = segments(problem.layout(), &config.steps, &config.optimizer);
        let planned = config.batching.updates(rows_with_weight(problem)).saturating_mul(config.epochs) as u64;
        let length = segments.last().map_or(0, |segment| segment.range.end);
        let layout = problem.layout().clone();
        let search = match config.optimizer {
            Optimizer::Lbfgs(lbfgs) => SearchBuffers::Lbfgs(LbfgsBuffers::new(length, lbfgs.history)),
            Optimizer::LevenbergMarquardt(_) => {
                SearchBuffers::LevenbergMarquardt(Box::new(LmBuffers::new(problem)?))
            }
            _ => SearchBuffers::None,
        };
        Ok(Self { layout, config: *config, planned, segments, gradient: vec![F::zero(); length], search })
    }

    /// Where ∂J/∂θ is to be written before an update.
    pub fn gradient_mut(&mut self) -> &mut [F] {
        &mut self.gradient[..self.layout.len()]
    }

    /// η of the update after `done` updates.
    pub fn rate(&self, done: u64) -> f64 {
        self.config.learning_rate.at(done, self.planned)
    }

    /// Changes the parameters by the gradient and the rule of the optimizer.
    pub fn update(&mut self, state: &mut State<F>) {
        let State { network, memory: Memory { updates, vectors, .. }, .. } = state;
        let (layout, optimizer) = (&self.layout, &self.config.optimizer);
        let (vectors, point) = vectors.split_at_mut(optimizer.vectors());
        if let [point] = point {
            factors::differentiate(layout, point, &mut self.gradient);
        }
        clip(&mut self.gradient, self.config.clip_norm);
        let rate = self.rate(*updates);
        let decay = optimizer.decay().map_or(0.0, |decay| rate * decay.at(*updates, self.planned));
        *updates += 1;
        let moved = match point {
            [point] => &mut point[..],
            _ => network.parameters_mut(),
        };
        for Segment { range, factor, decays } in &self.segments {
            let update = Update {
                rate: rate * factor,
                decay: if *decays { decay } else { 0.0 },
                number: *updates,
                parameters: &mut moved[range.clone()],
                gradient: &self.gradient[range.clone()],
            };
            optimizer.update(update, vectors, range.start);
        }
        if let [point] = point {
            factors::fold(layout, point, network.parameters_mut());
        }
    }
}

impl<F: Scalar> Stepper<F> {
    /// Makes one iteration of an optimizer that evaluates J at several points, from θ where J is `value`.
    /// Returns J of the new θ, or `None`, with θ unchanged, if no step lowers J.
    pub fn search(
        &mut self,
        state: &mut State<F>,
        objective: &mut Objective<'_, '_, F>,
        value: &ObjectiveValue,
    ) -> Option<ObjectiveValue> {
        let (parameters, memory, value) = (state.network.parameters_mut(), &mut state.memory, value.total());
        match (self.config.optimizer, &mut self.search) {
            (Optimizer::Lbfgs(lbfgs), SearchBuffers::Lbfgs(buffers)) => {
                let evaluate =
                    |parameters: &[F], gradient: &mut [F]| objective.value_and_gradient(parameters, gradient);
                lbfgs.iterate(memory, parameters, value, &mut self.gradient, buffers, evaluate)
            }
            (Optimizer::LevenbergMarquardt(settings), SearchBuffers::LevenbergMarquardt(buffers)) => {
                let problem = objective.problem();
                // The Jacobian matrix is computed without the objective.
                objective.count(problem.rows());
                settings.iterate(problem, memory, parameters, value, buffers, |parameters| {
                    objective.value(parameters)
                })
            }
            _ => None,
        }
    }
}

/// Scales the gradient to the norm `largest` if it is longer (Pascanu et al. 2013).
fn clip<F: Scalar>(gradient: &mut [F], largest: f64) {
    if largest.is_infinite() {
        return;
    }
    let mut norm = dot(gradient, gradient).sqrt();
    if norm.is_infinite() {
        // The squares overflow, or the gradient itself is infinite; then it becomes NaN, which is noticed.
        let most = gradient.iter().fold(F::zero(), |most, g| most.max(g.abs()));
        scale(gradient, F::one() / most);
        norm = dot(gradient, gradient).sqrt();
    }
    if norm > largest {
        scale(gradient, F::of(largest / norm));
    }
}

/// The memory before the first update. With input factors the last vector is the point [θ̃ | s].
pub(crate) fn new_memory<F: Scalar>(network: &Network<F>, config: &TrainConfig) -> Memory<F> {
    let mut memory = config.optimizer.memory(trained(network, config));
    if config.steps.has_input_factors() {
        memory.vectors.push(factors::point(network.layout(), network.parameters()));
    }
    memory
}

/// Number of vectors of working space, beside the gradient.
pub(crate) fn working_vectors(config: &TrainConfig) -> usize {
    if config.optimizer.searches() { LbfgsBuffers::<f64>::VECTORS } else { 0 }
}

/// Number of vectors in the memory.
pub(crate) fn vectors_of_memory(config: &TrainConfig) -> usize {
    config.optimizer.vectors() + usize::from(config.steps.has_input_factors())
}

/// Number of parameters that are trained, input factors included.
pub(crate) fn trained<F: Scalar>(network: &Network<F>, config: &TrainConfig) -> usize {
    let factors = if config.steps.has_input_factors() { network.architecture().input_width() } else { 0 };
    network.parameters().len() + factors
}
