import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force';

// Positions by forces, the same each time. In slices, so that the page answers meanwhile.
// `aspect` is how much wider than high the place is that they are to fill.
export function layOut(nodes, aspect, onProgress, onDone) {
  const points = [...nodes.values()].map((node) => ({ id: node.id, radius: node.size / 2 }));
  const byId = new Map(points.map((point) => [point.id, point]));
  const links = [...nodes.values()].flatMap((node) => node.out.map((edge) => ({ source: byId.get(node.id), target: byId.get(edge.target.id) })));
  const ticks = points.length > 1000 ? 180 : 300;
  const simulation = forceSimulation(points)
    .alphaDecay(1 - 0.001 ** (1 / ticks))
    .force('link', forceLink(links).distance(46))
    .force('charge', forceManyBody().strength(-130).theta(1).distanceMax(700))
    .force('collide', forceCollide().radius((point) => point.radius + 6))
    .force('x', forceX().strength(0.05 * aspect ** -0.7))
    .force('y', forceY().strength(0.05 * aspect ** 0.7))
    .stop();
  let done = 0;
  const slice = () => {
    const until = performance.now() + 30;
    do {
      simulation.tick();
      done += 1;
    } while (done < ticks && performance.now() < until);
    if (done >= ticks) {
      onDone(byId);
      return;
    }
    onProgress(done / ticks);
    setTimeout(slice, 0);
  };
  slice();
}
