// Bundles the console into ../dist, with the licences of what is in it. `dist/SOURCES` says of which
// sources it was made; `make lint` compares that, so nobody needs Node to build the component.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const OUT = '../dist';
mkdirSync(OUT, { recursive: true });

const common = { bundle: true, minify: true, format: 'esm', target: 'es2022', legalComments: 'none', charset: 'utf8', logLevel: 'warning' };
await build({ ...common, entryPoints: { app: 'src/main.jsx', front: 'src/front.js' }, outdir: OUT, jsx: 'automatic', jsxImportSource: 'preact' });
await build({ ...common, entryPoints: { app: 'src/style.css' }, outdir: OUT });
for (const name of ['console.html', 'front.html', 'reference.html', 'icon.svg']) copyFileSync(`src/${name}`, `${OUT}/${name}`);

const licences = ['preact', 'uplot'].map((name) => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8'));
  return `${name} ${version}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8').trim()}\n`;
});
writeFileSync(`${OUT}/LICENCES.txt`, licences.join('\n---\n\n'));

// A line for each source and each built file, as tests/dev reads them.
const hash = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const below = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => `${one.parentPath}/${one.name}`);
const sources = ['build.mjs', 'package.json', 'package-lock.json', ...below('src').filter((path) => !path.endsWith('.test.js'))].sort();
const built = below(OUT).filter((path) => !path.endsWith('/SOURCES')).sort();
const lines = [...sources.map((path) => `${hash(path)}  web/${path}`), ...built.map((path) => `${hash(path)}  dist/${path.slice(OUT.length + 1)}`)];
writeFileSync(`${OUT}/SOURCES`, lines.join('\n') + '\n');
