// The nodes and edges of the data by id, with what is said of each. No drawing.
const statements = new Set(['Event', 'State', 'Goal']);

export const isStatement = (node) => statements.has(node.type);

// What a node is drawn as and filtered by.
export function kindOf(node) {
  if (node.type === 'Entity') return ['person', 'animal', 'organisation', 'place'].includes(node.class) ? node.class : 'other thing';
  return node.type.toLowerCase();
}
export const kinds = ['person', 'animal', 'organisation', 'place', 'other thing', 'concept', 'property', 'event', 'state', 'goal'];

export function network(data) {
  const nodes = new Map(data.nodes.map((node) => [node.id, { ...node, out: [], in: [], facts: [] }]));
  for (const [source, target, role] of data.edges) {
    const edge = { source: nodes.get(source), target: nodes.get(target), role };
    edge.source.out.push(edge);
    edge.target.in.push(edge);
  }
  const facts = new Map(data.facts.map((fact, place) => [fact.id, { ...fact, place, quotes: [] }]));
  for (const quote of data.quotes) facts.get(quote.fact)?.quotes.push(quote);
  for (const [node, fact] of data.node_facts) if (facts.has(fact)) nodes.get(node)?.facts.push(facts.get(fact));
  for (const node of nodes.values()) {
    node.facts.sort((a, b) => a.place - b.place);
    node.kind = kindOf(node);
    node.degree = node.in.length + node.out.length;
    // By what is said of it: what has most is largest and is named first.
    node.weight = isStatement(node) ? Math.min(1, node.mentions / 10) : 1 + node.in.length;
  }
  return nodes;
}

// Best first: the label itself, its beginning, the beginning of a word of it, an alias, anywhere.
export function search(nodes, text, most) {
  const wanted = text.trim().toLocaleLowerCase();
  if (!wanted) return [];
  const found = [];
  for (const node of nodes.values()) {
    const label = node.label.toLocaleLowerCase();
    const alias = node.aliases?.find((name) => name.toLocaleLowerCase().includes(wanted));
    const rank = label === wanted ? 0 : label.startsWith(wanted) ? 1 : label.includes(` ${wanted}`) ? 2 : alias ? 3 : label.includes(wanted) ? 4
      : node.category?.toLocaleLowerCase().includes(wanted) ? 5 : null;
    if (rank !== null) found.push({ node, rank, alias: rank === 3 ? alias : null });
  }
  found.sort((a, b) => a.rank - b.rank || b.node.weight - a.node.weight || a.node.id - b.node.id);
  return found.slice(0, most);
}
