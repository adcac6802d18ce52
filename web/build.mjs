// Makes src/schema/report_page.html out of page.html, page.css and src: one page
// with everything in it, and a Content-Security-Policy that lets nothing else run.
//
//   npm ci --ignore-scripts && npm run build
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const read = (name) => readFileSync(here(name), 'utf8');
const version = (name) => JSON.parse(read(`node_modules/${name}/package.json`)).version;
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const libraries = ['cytoscape', 'd3-dispatch', 'd3-force', 'd3-quadtree', 'd3-timer', 'uplot'];

async function bundle(entry) {
  const result = await build({
    entryPoints: [here(entry)], bundle: true, minify: true, write: false, charset: 'ascii',
    format: 'iife', target: 'es2020', legalComments: 'none', absWorkingDir: here('.'),
  });
  return result.outputFiles[0].text.trim();
}

const script = (await bundle('src/page.js')).replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--');
const style = await bundle('page.css');

// A comment of HTML ends at two hyphens.
const licences = libraries.map((name) =>
  `${name} ${version(name)}\n\n${read(`node_modules/${name}/LICENSE`).trim()}`).join('\n\n----\n\n').replace(/-{2,}/g, (run) => '='.repeat(run.length));
const about = `Made by "npm run build" in web/ of page.html, page.css and src/ there; change those, not this.
What follows @data@ is minified. In it are these libraries, with their licences:

${licences}`;

// Functions as replacements: a string would have its $ read.
const page = read('page.html')
  .replace('@about@', () => about)
  .replace('@script-hash@', () => hash(script))
  .replace('@style-hash@', () => hash(style))
  .replace('@style@', () => style)
  .replace('@script@', () => script)
  .replace('What follows @data@', 'What follows the data');

// The page goes through an SQL string, a script of CREATE EXTENSION and sed.
const faults = [
  [page.split('@data@').length !== 2, 'there is not exactly one place for the data'],
  [/\$page\$|\$sql\$/.test(page), 'it has the end of its SQL string in it'],
  [/MODULE_PATHNAME|@ext(schema|owner)|@report_page/.test(page), 'it has a word in it that CREATE EXTENSION replaces'],
  [/[^\x00-\x7f]/.test(script + style), 'there is something else than ASCII in script or style, whose hash depends on the encoding'],
].filter(([is]) => is);
if (faults.length) throw new Error(faults.map(([, what]) => what).join('; '));
writeFileSync(here('../src/schema/report_page.html'), page);
console.log(`src/schema/report_page.html: ${page.length} bytes, ${script.length} of script`);
