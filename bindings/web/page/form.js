// Fields: they are filled from the settings, but never while somebody types in them.

/** Element of this id. */
export const $ = id => document.getElementById(id);

// A field is being edited from the first key until its value counts.
addEventListener('input', ({ target }) => { if (target.type === 'number') target.dataset.edited = ''; }, true);
addEventListener('change', ({ target }) => { delete target.dataset.edited; }, true);
addEventListener('focusout', ({ target }) => { delete target.dataset.edited; }, true);

/** Whether somebody types in this field, or in one inside of it. */
export function isEdited(element) { return '' === element.dataset.edited || element.querySelector('[data-edited]') !== null; }

/** Shows a value. */
export function fill(id, value) { if (!isEdited($(id))) $(id).value = value; }

/** A label with a field in it. */
export function labelled(text, input) {
  const label = document.createElement('label');
  label.append(`${text} `, input);
  return label;
}
