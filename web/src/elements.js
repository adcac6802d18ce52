// The only way in which this page makes elements: texts are text, never markup.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key === 'style') for (const [property, text] of Object.entries(value)) made.style.setProperty(property, text);
    else made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return made;
}

export const byId = (id) => document.getElementById(id);
export const fill = (id, ...children) => byId(id).replaceChildren(...children.flat(Infinity).filter(Boolean));

export function table(heads, rows, caption) {
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element('table', {},
      element('thead', {}, element('tr', {}, heads.map((head) => element('th', { scope: 'col', class: head.number ? 'number' : null }, head.text)))),
      element('tbody', {}, rows.map((cells) => element('tr', {}, cells.map((cell, i) =>
        element('td', { class: heads[i].number ? 'number' : null }, cell ?? '')))))));
}
