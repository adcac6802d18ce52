import cytoscape from 'cytoscape';
import { details } from './details.js';
import { element, fill } from './elements.js';
import { nameNodes } from './labels.js';
import { layOut } from './layout.js';
import { isStatement, kinds, network } from './network.js';
import { searchField } from './search.js';
import { color, onColorsChange } from './theme.js';
import { count } from './words.js';

const calm = window.matchMedia('(prefers-reduced-motion: reduce)');
const colorOf = (kind) => color(`kind-${kind.replace(' ', '-')}`);

const styles = () => [
  { selector: 'node', style: {
    width: 'data(size)', height: 'data(size)', 'background-color': (node) => colorOf(node.data('kind')), 'border-width': 1, 'border-color': color('surface'),
    color: color('ink'), 'text-valign': 'bottom', 'text-margin-y': 2, 'text-wrap': 'ellipsis', 'text-outline-color': color('surface'), 'text-outline-width': 0,
    'overlay-opacity': 0 } },
  { selector: 'node[?statement]', style: { shape: 'round-rectangle' } },
  { selector: 'node.named, node.near, node:selected', style: { label: 'data(label)', 'font-size': 'data(font)', 'text-max-width': 'data(room)',
    'text-outline-width': (node) => node.data('font') / 5 } },
  { selector: 'edge', style: { width: 1, 'line-color': color('edge'), 'curve-style': 'haystack', 'haystack-radius': 0, 'overlay-opacity': 0 } },
  { selector: '.faded', style: { opacity: 0.12 } },
  { selector: 'node.faded', style: { label: '' } },
  { selector: 'edge.near', style: { width: 1.6, 'line-color': color('edge-near'), opacity: 1 } },
  { selector: 'edge.own', style: { 'curve-style': 'straight', label: 'data(role)', 'font-size': 'data(font)', color: color('dim'), 'text-rotation': 'autorotate',
    'text-outline-color': color('surface'), 'text-outline-width': (edge) => edge.data('font') / 5, 'target-arrow-shape': 'triangle', 'target-arrow-color': color('edge-near'), 'arrow-scale': 0.8 } },
  { selector: 'node:selected', style: { 'border-width': 4, 'border-color': color('accent'), 'font-weight': 'bold', 'z-index': 20 } },
  { selector: 'node.near', style: { 'z-index': 10 } },
  { selector: '.off', style: { display: 'none' } },
];

export function drawGraph(data) {
  const nodes = network(data);
  const part = data.nodes.length < Number(data.nodes_in_all);
  const size = `${count(data.nodes_in_all)} nodes, ${count(data.edges_in_all)} edges`;
  if (!nodes.size) {
    fill('graph-body', element('p', { class: 'note' }, 'The graph is empty so far.'));
    return;
  }
  for (const node of nodes.values()) node.size = isStatement(node) ? 9 : Math.min(64, 12 + 5 * Math.sqrt(node.in.length));

  const canvas = element('div', { id: 'canvas', tabindex: 0, role: 'application', 'data-state': 'laying out',
    'aria-label': 'The graph. Arrow keys move it, plus and minus zoom, 0 shows all, slash searches, Escape ends a choice.' });
  const panel = element('aside', { id: 'details', 'aria-live': 'polite', 'aria-label': 'What is known of a node', hidden: true });
  const status = element('span', { id: 'graph-status', role: 'status' }, 'Laying out');
  const button = (name, title, act) => element('button', { type: 'button', title, 'aria-label': title, onclick: act }, name);
  const here = [...kinds].filter((kind) => [...nodes.values()].some((node) => node.kind === kind));
  const legend = element('fieldset', { class: 'kinds' }, element('legend', { class: 'hidden' }, 'Show'), here.map((kind) => element('label', {},
    element('input', { type: 'checkbox', checked: true, onchange: (event) => show(kind, event.target.checked) }),
    element('span', { class: `dot ${kind.replace(' ', '-')}` }), kind)));
  fill('graph-body',
    element('p', { class: 'note' }, part
      ? `The graph has ${size}. Here are the ${count(data.nodes.length)} nodes that most is said of: the things with most statements, and the statements between them.`
      : `The graph has ${size}. Things are round, statements about them square. Click on one to see the words behind it.`),
    element('div', { class: 'tools' }, searchField(nodes, (node) => choose(node, true)),
      button('+', 'Zoom in', () => zoomBy(1.4)), button('\u2212', 'Zoom out', () => zoomBy(1 / 1.4)), button('All', 'Show all', () => showAll()), status),
    legend,
    element('div', { class: 'stage' }, canvas, panel));

  const cy = cytoscape({
    container: canvas, elements: [], style: styles(), minZoom: 0.02, maxZoom: 6, layout: { name: 'preset' },
    boxSelectionEnabled: false, selectionType: 'single', autounselectify: false, hideEdgesOnViewport: data.edges.length > 4000,
  });
  let ranked = [];
  let waiting = null;
  const rename = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => nameNodes(cy, ranked), 60);
  };

  layOut(nodes, canvas.clientWidth / canvas.clientHeight, (done) => { status.textContent = `Laying out ${Math.round(100 * done)} %`; }, (points) => {
    cy.add([...nodes.values()].map((node) => ({ group: 'nodes', position: { x: points.get(node.id).x, y: points.get(node.id).y },
      data: { id: `n${node.id}`, label: node.negated ? `not ${node.label}` : node.label, kind: node.kind, size: node.size, statement: isStatement(node), font: 12, room: 200 } })));
    cy.add([...nodes.values()].flatMap((node) => node.out.map((edge, i) => ({ group: 'edges',
      data: { id: `e${node.id}-${i}`, source: `n${node.id}`, target: `n${edge.target.id}`, role: edge.role, font: 10 } }))));
    ranked = [...nodes.values()].sort((a, b) => b.weight - a.weight || a.id - b.id).map((node) => cy.getElementById(`n${node.id}`));
    showAll();
    status.textContent = '';
    canvas.dataset.state = 'drawn';
    nameNodes(cy, ranked);
  });

  cy.on('viewport resize', rename);
  cy.on('tap', 'node', (event) => choose(nodes.get(Number(event.target.id().slice(1))), false));
  cy.on('tap', 'edge', (event) => choose(nodes.get(Number(event.target.source().id().slice(1))), false));
  cy.on('tap', (event) => { if (event.target === cy) close(); });
  cy.on('mouseover', 'node', () => { canvas.style.cursor = 'pointer'; });
  cy.on('mouseout', 'node', () => { canvas.style.cursor = ''; });
  onColorsChange(() => cy.style(styles()));

  function zoomBy(factor) {
    cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
  }
  function showAll() {
    cy.fit(cy.elements(':visible'), 24);
    if (cy.zoom() > 1.6) {
      cy.zoom(1.6);
      cy.center();
    }
  }
  function show(kind, on) {
    cy.nodes().filter((node) => node.data('kind') === kind).toggleClass('off', !on);
    rename();
  }
  function close() {
    panel.hidden = true;
    cy.elements().removeClass('faded near own').unselect();
    cy.resize();
    rename();
  }
  // A thing stands with its statements and what else takes part in those.
  function choose(node, travel) {
    const chosen = cy.getElementById(`n${node.id}`);
    chosen.removeClass('off');
    const own = chosen.connectedEdges();
    const near = isStatement(node) ? chosen.closedNeighborhood() : chosen.closedNeighborhood().union(chosen.outgoers()).union(chosen.incomers('node').closedNeighborhood());
    cy.batch(() => {
      cy.elements().unselect().removeClass('near own').addClass('faded');
      near.removeClass('faded').addClass('near');
      // Names of a hub's neighbours would cover each other.
      if (near.nodes().length > 40) near.nodes().difference(chosen).removeClass('near');
      own.addClass(own.length <= 40 ? 'own' : '');
      chosen.select();
    });
    panel.hidden = false;
    panel.replaceChildren(...details(node, data, (other) => choose(other, true), () => { close(); canvas.focus(); }));
    panel.scrollTop = 0;
    cy.resize();
    if (travel) {
      const to = { center: { eles: chosen }, zoom: Math.max(cy.zoom(), 1.1) };
      if (calm.matches) {
        cy.zoom(to.zoom);
        cy.center(chosen);
      } else {
        cy.stop().animate(to, { duration: 250, complete: rename });
      }
      panel.querySelector('#details-title').focus({ preventScroll: window.innerWidth > 760 });
    }
    rename();
  }

  const keys = {
    ArrowLeft: () => cy.panBy({ x: 60, y: 0 }), ArrowRight: () => cy.panBy({ x: -60, y: 0 }), ArrowUp: () => cy.panBy({ x: 0, y: 60 }), ArrowDown: () => cy.panBy({ x: 0, y: -60 }),
    '+': () => zoomBy(1.25), '=': () => zoomBy(1.25), '-': () => zoomBy(0.8), 0: showAll, Escape: close,
  };
  canvas.addEventListener('keydown', (event) => {
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    close();
    canvas.focus();
  });
}
