// Names where there is room for them, those of the most important first, in a size
// that does not change with the zoom: so a graph of 2,000 nodes can be read from
// afar and from near.
const letter = 6.6;
const line = 15;
const most = 140;

export function nameNodes(cy, ranked) {
  const zoom = cy.zoom();
  const pan = cy.pan();
  const [width, height] = [cy.width(), cy.height()];
  const placed = [];
  const chosen = new Set();
  for (const element of ranked) {
    if (placed.length >= most) break;
    if (!element.visible() || (element.data('statement') && zoom < 0.9 && ranked.length > 60)) continue;
    const at = element.position();
    const x = at.x * zoom + pan.x;
    const y = at.y * zoom + pan.y + (element.data('size') * zoom) / 2 + line / 2;
    if (x < 0 || x > width || y < 0 || y > height) continue;
    const half = (Math.min(element.data('label').length, 30) * letter) / 2 + 4;
    if (placed.some((other) => Math.abs(other.x - x) < other.half + half && Math.abs(other.y - y) < line)) continue;
    placed.push({ x, y, half });
    chosen.add(element.id());
  }
  cy.batch(() => {
    for (const element of ranked) {
      const named = chosen.has(element.id());
      if (named) element.data({ font: 12 / zoom, room: 200 / zoom });
      if (named !== element.hasClass('named')) element.toggleClass('named', named);
    }
    cy.elements('.near, :selected').forEach((element) => { element.data({ font: 12 / zoom, room: 200 / zoom }); });
  });
}
