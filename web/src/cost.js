import { element, fill, table } from './elements.js';
import { count, money } from './words.js';

// What was paid beside what the same tokens cost in real time, on one scale.
export function drawCost(data) {
  const { cost } = data;
  if (!cost.length) {
    fill('cost-body', element('p', { class: 'note' }, 'Nothing was paid for yet.'));
    return;
  }
  const realTime = (row) => Number(row.cost) + Number(row.saved);
  const most = Math.max(...cost.map(realTime), Number.MIN_VALUE);
  const bar = (name, value) => element('div', { class: `price ${name}`, style: { width: `${(100 * value) / most}%` } });
  const rows = cost.map((row) => [
    row.stage, row.model, row.mode,
    element('div', { class: 'prices', role: 'img', 'aria-label': `${money(row.cost)} paid, ${money(realTime(row))} in real time` },
      bar('paid', Number(row.cost)), bar('real-time', realTime(row))),
    money(row.cost), money(realTime(row)),
    count(row.requests), `${count(row.input_tokens)}${Number(row.cached_tokens) ? ` (${count(row.cached_tokens)} cached)` : ''}`, count(row.output_tokens),
  ]);
  const sum = (of) => cost.reduce((total, row) => total + of(row), 0);
  const unpriced = sum((row) => Number(row.unpriced));
  if (cost.length > 1) {
    rows.push([element('strong', {}, 'All'), '', '', '', money(sum((row) => Number(row.cost))), money(sum(realTime)),
      count(sum((row) => Number(row.requests))), count(sum((row) => Number(row.input_tokens))), count(sum((row) => Number(row.output_tokens)))]);
  }
  fill('cost-body',
    element('p', { class: 'legend' }, element('span', { class: 'price paid' }), ' paid ', element('span', { class: 'price real-time' }), ' the same in real time'),
    table([{ text: 'Stage' }, { text: 'Model' }, { text: 'Mode' }, { text: 'Paid beside real time' }, { text: 'Paid', number: true }, { text: 'Real time', number: true },
      { text: 'Requests', number: true }, { text: 'Input tokens', number: true }, { text: 'Output tokens', number: true }], rows, 'Cost by stage'),
    unpriced > 0 && element('p', { class: 'note' }, `${count(unpriced)} requests went to models whose price is not known; they are not counted here.`));
}
