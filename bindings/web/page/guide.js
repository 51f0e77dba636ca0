// The lesson at the top of the page: its text, what it hides, and the way to the next one.

import { LESSONS } from './lessons.js';
import { $ } from './form.js';

const HIDEABLE = [
  'data-card', 'training-card', 'take-card', 'network-card', 'findings-card', 'gradient-card', 'output-card', 'curves-card', 'histogram-card',
  'weight', 'start-fields', 'layers', 'output-fields', 'second',
];

/** `choose(id)` is called when the user wants another lesson; an empty id means none. */
export function offerLessons(choose) {
  $('lesson').append(...LESSONS.map(({ id, title }) => new Option(title, id)));
  $('lesson').onchange = () => choose($('lesson').value);
  $('guide-leave').onclick = () => choose('', true);
  $('guide-next').onclick = () => choose(LESSONS[position() + 1].id);
  $('guide-previous').onclick = () => choose(LESSONS[position() - 1].id);
}

/** The lesson of this name, if there is one. */
export function findLesson(id) { return LESSONS.find(lesson => lesson.id === id); }

/** Shows a lesson, or none. */
export function showLesson(lesson) {
  $('lesson').value = lesson?.id ?? '';
  $('guide').hidden = !lesson;
  document.body.classList.toggle('in-lesson', Boolean(lesson));
  for (const id of HIDEABLE) $(id).hidden = Boolean(lesson) && !lesson.shows.includes(id);
  for (const column of document.querySelectorAll('.column')) column.hidden = [...column.children].every(card => card.hidden);
  if (!lesson) return;
  $('guide-title').textContent = lesson.title;
  $('guide-text').replaceChildren(...lesson.text.map(sentence => element('p', sentence)));
  $('guide-try').replaceChildren(...lesson.tasks.map(task => element('li', task)));
  $('guide-previous').disabled = position() === 0;
  $('guide-next').disabled = position() === LESSONS.length - 1;
}

function position() { return LESSONS.findIndex(({ id }) => id === $('lesson').value); }
function element(tag, textContent) { return Object.assign(document.createElement(tag), { textContent }); }
