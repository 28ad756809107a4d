// Charts over time, by uPlot. Colours are those of the style, so a chart is drawn anew when they
// change. The figures stand in a table beside it, for readers that see no canvas.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import { look } from './theme.js';
import { useStore } from './use-store.js';

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// `series`: { label, values, colour }. Stacked, each lies on the ones before it.
export function Chart({ label, from, step, series: given, format, stacked, height = 190 }) {
  // The last step isn't over, so it would look like a fall.
  const series = useMemo(() => given.map((one) => ({ ...one, values: one.values.slice(0, -1) })), [JSON.stringify(given)]);
  const place = useRef();
  const theme = useStore(look);
  const [at, setAt] = useState(null);
  const times = series[0].values.map((_, index) => from + index * step);
  useEffect(() => {
    const box = place.current;
    const drawn = stacked ? piled(series.map((one) => one.values)) : series.map((one) => one.values);
    const line = colour('line');
    const axis = { stroke: colour('quiet'), font: '11px "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif', grid: { stroke: line, width: 1 }, ticks: { show: false } };
    const shown = series.map((one) => ({ stroke: colour(one.colour), fill: stacked ? colour(`${one.colour}-fill`) : undefined, width: 1.25, points: { show: false }, spanGaps: true }));
    // The highest pile is drawn first, and what is below it covers it.
    if (stacked) { drawn.reverse(); shown.reverse(); }
    const plot = new uPlot({
      width: box.clientWidth || 600,
      height,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false } },
      scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
      axes: [{ ...axis, grid: { show: false }, size: 26, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 54, values: (_, ticks) => ticks.map((tick) => format(tick)) }],
      series: [{}, ...shown],
      hooks: { setCursor: [(u) => setAt(u.cursor.idx ?? null)] },
    }, [times, ...drawn], box);
    const watcher = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height }));
    watcher.observe(box);
    return () => { watcher.disconnect(); plot.destroy(); };
  }, [series, theme, height]);
  return (
    <figure class="chart">
      <div ref={place} role="img" aria-label={label} />
      <figcaption>
        {series.map((one) => (
          <span key={one.label} class="key"><i class={`swatch ${one.colour}`} />{one.label}{at !== null && <b>{format(one.values[at])}</b>}</span>
        ))}
        {at !== null && <span class="note">{clock(times[at])}</span>}
      </figcaption>
    </figure>
  );
}

const two = (value) => String(value).padStart(2, '0');
const clock = (seconds) => { const at = new Date(seconds * 1000); return `${two(at.getHours())}:${two(at.getMinutes())}`; };

function piled(all) {
  const sums = all[0].map(() => 0);
  return all.map((values) => values.map((value, index) => (sums[index] += value)));
}
