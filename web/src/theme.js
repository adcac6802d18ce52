import { byId } from './elements.js';

// As the system has it until the button is pressed. Canvases do not know CSS:
// whoever draws on one asks here for a color, and is told when colors change.
const listeners = [];
const dark = window.matchMedia('(prefers-color-scheme: dark)');
let chosen = null;

export const isDark = () => (chosen ?? (dark.matches ? 'dark' : 'light')) === 'dark';
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const onColorsChange = (listener) => listeners.push(listener);

function show() {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  byId('theme').textContent = isDark() ? 'Light' : 'Dark';
  listeners.forEach((listener) => listener());
}

export function startTheme() {
  dark.addEventListener('change', show);
  byId('theme').addEventListener('click', () => {
    chosen = isDark() ? 'light' : 'dark';
    show();
  });
  show();
}
