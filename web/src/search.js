import { element } from './elements.js';
import { search } from './network.js';

// A field whose findings are walked through with the arrow keys.
export function searchField(nodes, choose) {
  let found = [];
  let active = -1;
  const input = element('input', { id: 'search', type: 'search', role: 'combobox', autocomplete: 'off', spellcheck: 'false', placeholder: 'Find a node  ( / )',
    'aria-label': 'Find a node', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': 'found' });
  const results = element('ul', { id: 'found', role: 'listbox', 'aria-label': 'Found', hidden: true });
  const close = () => {
    results.hidden = true;
    input.setAttribute('aria-expanded', 'false');
  };
  const take = (node) => {
    close();
    choose(node);
  };
  const mark = (place) => {
    active = place;
    [...results.children].forEach((row, i) => row.setAttribute('aria-selected', String(i === place)));
    if (place >= 0 && found.length) {
      input.setAttribute('aria-activedescendant', `found-${place}`);
      results.children[place].scrollIntoView({ block: 'nearest' });
    } else input.removeAttribute('aria-activedescendant');
  };
  const show = () => {
    found = search(nodes, input.value, 12);
    const rows = found.map(({ node, alias }, i) => element('li', { id: `found-${i}`, role: 'option', onmousedown: (event) => { event.preventDefault(); take(node); } },
      element('span', { class: `dot ${node.kind.replace(' ', '-')}` }), element('span', { class: 'found-label' }, node.label),
      element('small', {}, alias ?? node.category ?? node.type)));
    if (!rows.length && input.value.trim()) rows.push(element('li', { class: 'nothing', 'aria-disabled': 'true', role: 'option' }, 'Nothing of that name is drawn here'));
    results.replaceChildren(...rows);
    results.hidden = !rows.length;
    input.setAttribute('aria-expanded', String(rows.length > 0));
    mark(found.length ? 0 : -1);
  };
  input.addEventListener('input', show);
  input.addEventListener('focus', () => input.value && show());
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' && found.length) mark((active + 1) % found.length);
    else if (event.key === 'ArrowUp' && found.length) mark((active + found.length - 1) % found.length);
    else if (event.key === 'Enter' && found[active]) take(found[active].node);
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !/^(input|textarea|select)$/i.test(document.activeElement?.tagName ?? '')) {
      event.preventDefault();
      input.focus();
      input.select();
    }
  });
  return element('div', { class: 'search' }, input, results);
}
