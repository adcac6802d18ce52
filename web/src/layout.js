import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force';

const ticks = 300;

// Positions by forces, the same each time. In slices, so that the page answers meanwhile.
export function layOut(nodes, onProgress, onDone) {
  const points = [...nodes.values()].map((node) => ({ id: node.id, radius: node.size / 2 }));
  const byId = new Map(points.map((point) => [point.id, point]));
  const links = [...nodes.values()].flatMap((node) => node.out.map((edge) => ({ source: byId.get(node.id), target: byId.get(edge.target.id) })));
  const simulation = forceSimulation(points)
    .force('link', forceLink(links).distance(46))
    .force('charge', forceManyBody().strength(-130).theta(1).distanceMax(700))
    .force('collide', forceCollide().radius((point) => point.radius + 6))
    .force('x', forceX().strength(0.045))
    .force('y', forceY().strength(0.06))
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
