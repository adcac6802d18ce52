import { element } from './elements.js';
import { isStatement } from './network.js';
import { count, plural, time } from './words.js';

const list = (value) => (Array.isArray(value) ? value.join(', ') : String(value));

function properties(node) {
  const known = [
    ['Also called', node.aliases?.length ? node.aliases.join(', ') : null],
    ['From', node.start], ['Until', node.end], ['Goal', node.goal],
    ...Object.entries(node.attributes ?? {}).map(([name, value]) => [name, list(value)]),
    ['Said as', isStatement(node) && node.modality !== 'asserted' ? node.modality : null],
    ['Confidence', node.confidence], ['Mentions', count(node.mentions)],
  ].filter(([, value]) => value !== null && value !== undefined);
  return element('dl', { class: 'properties' }, known.map(([name, value]) => [element('dt', {}, name), element('dd', {}, String(value))]));
}

function evidence(fact, data) {
  const said = [fact.by, fact.at && time(fact.at), fact.conversation && `conversation ${fact.conversation}`].filter(Boolean).join(', ');
  return element('li', {},
    element('p', { class: 'fact' }, fact.text),
    element('p', { class: 'source' }, said, fact.modality ? `, ${fact.modality}` : '', fact.negated ? ', denied' : ''),
    fact.quotes.map((quote) => element('blockquote', {}, quote.quote,
      element('footer', {}, [quote.by, quote.at && time(quote.at), quote.message ? `message ${quote.message}` : quote.position && `message no. ${quote.position}`].filter(Boolean).join(', ')))));
}

// What is known of a node and why; `go` leads to another one.
export function details(node, data, go, close) {
  const to = (other) => element('button', { type: 'button', class: 'link', onclick: () => go(other) }, other.label || '(no name)');
  const relations = isStatement(node)
    ? [...node.out.map((edge) => element('li', {}, element('span', { class: 'role' }, edge.role), ' ', to(edge.target))),
      ...node.in.map((edge) => element('li', {}, element('span', { class: 'role' }, `${edge.role} of`), ' ', to(edge.source)))]
    : node.in.map((edge) => element('li', {}, to(edge.source), ' ', element('span', { class: 'role' }, `as ${edge.role}`),
      edge.source.out.filter((other) => other !== edge).map((other) => [', ', element('span', { class: 'role' }, other.role), ' ', to(other.target)])));
  return [
    element('div', { class: 'details-head' },
      element('h3', { id: 'details-title', tabindex: -1 }, node.negated ? `not ${node.label}` : node.label),
      element('button', { type: 'button', class: 'close', 'aria-label': 'Close', onclick: close }, '\u00d7')),
    element('p', { class: 'kind' }, element('span', { class: `dot ${node.kind.replace(' ', '-')}` }), [node.type, node.class, node.category].filter(Boolean).join(' \u00b7 ')),
    properties(node),
    element('h4', {}, `Evidence (${plural(node.facts.length, 'fact')}${node.facts.length >= 20 ? ', the latest' : ''})`),
    !data.is_auditor && element('p', { class: 'note' }, 'The words behind each fact are shown to those who have the level auditor.'),
    element('ol', { class: 'evidence' }, node.facts.map((fact) => evidence(fact, data))),
    element('h4', {}, isStatement(node) ? 'Takes part' : `Takes part in ${plural(node.in.length, 'statement')}`),
    element('ul', { class: 'relations' }, relations),
  ].filter(Boolean);
}
