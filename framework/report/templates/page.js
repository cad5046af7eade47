"use strict";
// What the page does with its charts and tables: equity, candles with fills and panes, sorting, light and dark.
(() => {
  const T = Tulya, { data } = T;
  const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const swatch = (name) => `<i style="background:${T.colour(name)}"></i>`;
  const item = (name, value, tint) => `<span>${tint ? swatch(tint) : ""}${escape(name)} <b>${escape(value)}</b></span>`;

  // Equity and drawdown

  const [lowest, highest] = T.extremes([T.equity, T.benchmark, T.unlimited || []]);
  let logarithmic = lowest > 0 && highest > 8 * lowest; // where a straight axis would flatten one of the two
  const shade = ([first, last, state]) => ({
    type: "rect", xref: "x", yref: "paper", x0: first - 0.5, x1: last + 0.5, y0: 0, y1: 1, layer: "below",
    fillcolor: T.colour(state === "halted" ? "error" : "warn", 0.16), line: { width: 1, color: T.colour(state === "halted" ? "error" : "warn", 0.35) },
  });
  const equityChart = new T.Chart("equity", (chart, from, to) => {
    const held = T.line(T.equity, from, to, chart.points), yardstick = T.line(T.benchmark, from, to, chart.points);
    const fall = T.line(T.drawdown, from, to, chart.points);
    const free = T.unlimited ? T.line(T.unlimited, from, to, chart.points) : { x: [], y: [] };
    const [least, most] = T.extremes([held.y, yardstick.y, free.y]);
    const log = logarithmic && least > 0;
    const [low, high] = log ? [least * 0.97, most * 1.03] : T.padded(least, most);
    const ticks = (log ? T.logTicks : T.valueTicks)(low, high, 6, T.shortRupees);
    const [deepest] = T.extremes([fall.y]);
    const floor = Math.min(-0.5, deepest * 1.08);
    return {
      traces: [
        { type: "scatter", mode: "lines", ...yardstick, line: { color: T.colour("benchmark"), width: 1.1 }, yaxis: "y" },
        ...(T.unlimited ? [{ type: "scatter", mode: "lines", ...free, line: { color: T.colour("second"), width: 1.3 }, yaxis: "y" }] : []),
        { type: "scatter", mode: "lines", ...held, line: { color: T.colour("accent"), width: 1.8 }, yaxis: "y" },
        { type: "scatter", mode: "lines", ...fall, line: { color: T.colour("down"), width: 1 }, fill: "tozeroy", fillcolor: T.colour("down", 0.18), yaxis: "y2" },
      ],
      layout: {
        xaxis: { anchor: "y2" },
        shapes: [...T.holds(from, to, chart.plotWidth / 3).map(shade), { type: "line", xref: "paper", x0: 0, x1: 1, yref: "y", y0: data.capital, y1: data.capital, line: { color: T.colour("muted", 0.5), width: 1, dash: "dot" } }],
        yaxis: T.axis([0.3, 1], log ? [Math.log10(low), Math.log10(high)] : [low, high], ticks, { type: log ? "log" : "linear" }),
        yaxis2: T.axis([0, 0.25], [floor, 0], T.valueTicks(floor, 0, 3, (v) => `${T.plain.format(v).replace("-", "−").replace(".00", "")} %`)),
      },
    };
  });
  equityChart.count = T.equity.length;
  equityChart.minuteAt = (row) => T.time[row];
  const heldAt = (row) => data.holds.filter(([first, last]) => first <= row && row <= last).map((one) => one[2]).join(", ");
  equityChart.read = (row) => [
    `<b>${T.stamp(T.time[row])}</b>`,
    item("Equity", T.rupees(T.equity[row]), "accent"),
    item(data.benchmarkName, T.rupees(T.benchmark[row]), "benchmark"),
    ...(T.unlimited ? [item("Without limits", T.rupees(T.unlimited[row]), "second")] : []),
    item("Drawdown", `${T.plain.format(T.drawdown[row]).replace("-", "−")} %`, "down"),
    heldAt(row) ? item("Breaker", heldAt(row)) : "",
  ].join("");

  // Candles

  const LINES = ["second", "third", "accent", "benchmark"];
  let one = null; // the instrument shown, its arrays unpacked

  function open(number) {
    const raw = data.instruments[number];
    for (const name of ["rows", "open", "high", "low", "close"]) raw[name] = T.unpack(raw[name]);
    for (const name of Object.keys(raw.columns)) raw.columns[name] = T.unpack(raw.columns[name]);
    one = { ...raw, number, marks: data.marks[number], trips: data.trips[number] };
    priceChart.count = one.close.length;
  }

  function columnTraces(pane, chart, from, to, yaxis) {
    const traces = [], drawn = [];
    pane.columns.forEach((name, index) => {
      const values = one.columns[name];
      if (!values) return;
      if (yaxis !== "y" && /hist/i.test(name)) {
        const bars = T.peaks(values, from, to, chart.most);
        const color = bars.y.map((v) => T.colour(v < 0 ? "down" : "up", 0.55));
        traces.push({ type: "bar", ...bars, marker: { color, line: { width: 0 } }, yaxis });
        drawn.push(bars.y);
      } else {
        const points = T.line(values, from, to, chart.points);
        traces.push({ type: "scatter", mode: "lines", ...points, line: { color: T.colour(LINES[index % LINES.length]), width: 1.3 }, yaxis });
        drawn.push(points.y);
      }
    });
    return { traces, drawn };
  }

  function fillTraces(from, to) {
    const seen = one.marks.filter(([row]) => row >= from && row <= to);
    const every = Math.ceil(seen.length / T.MOST_MARKS);
    const shown = seen.filter((_, index) => index % every === 0);
    const crowded = shown.length > 150, size = crowded ? 5 : shown.length > 70 ? 9 : 13;
    const traces = [1, -1].map((side) => {
      const mine = shown.filter(([, , quantity]) => quantity * side > 0);
      return {
        type: "scatter", mode: "markers", x: mine.map((m) => m[0]), y: mine.map((m) => m[1]), yaxis: "y", cliponaxis: false,
        marker: {
          symbol: side > 0 ? "triangle-up" : "triangle-down", size, opacity: crowded ? 0.6 : 1,
          color: T.colour(side > 0 ? "up" : "down"), line: { width: crowded ? 0 : 1.5, color: T.colour("sheet") },
        },
      };
    });
    const prices = shown.map((m) => m[1]);
    return { traces, prices, count: seen.length, shown: shown.length };
  }

  function tripTraces(from, to) {
    const seen = one.trips.filter(([entry, exit]) => exit >= from && entry <= to);
    if (seen.length > T.MOST_MARKS / 2) return [];
    return [true, false].map((won) => {
      const x = [], y = [];
      for (const [entry, exit, bought, sold, net] of seen) if (net > 0 === won) { x.push(entry, exit, null); y.push(bought, sold, null); }
      return { type: "scatter", mode: "lines", x, y, yaxis: "y", line: { color: T.colour(won ? "up" : "down", 0.8), width: 1.4, dash: "dot" } };
    });
  }

  const priceChart = new T.Chart("price", (chart, from, to) => {
    const bars = T.candles(one, from, to, chart.most);
    const below = data.panes.slice(1).filter((pane) => pane.columns.some((name) => one.columns[name]));
    const size = 0.19, gap = 0.03, bottom = below.length * (size + gap);
    const over = columnTraces(data.panes[0], chart, from, to, "y");
    const fills = fillTraces(from, to);
    const [low, high] = T.padded(...T.extremes([bars.low, bars.high, fills.prices]), 0.06);
    const width = bars.step > 1 || bars.x.length > 250 ? 1 : 1.2;
    const side = (name) => ({ line: { color: T.colour(name), width }, fillcolor: T.colour(name, name === "up" ? 0.25 : 0.75) });
    const traces = [
      { type: "candlestick", ...bars, increasing: side("up"), decreasing: side("down"), yaxis: "y", whiskerwidth: 0 },
      ...over.traces, ...tripTraces(from, to), ...fills.traces,
    ];
    const layout = {
      yaxis: T.axis([bottom, 1], [low, high], T.valueTicks(low, high, 7, (v) => T.plain.format(v).replace(/\.00$/, ""))),
      annotations: [], shapes: [],
    };
    for (const [row, text] of one.exDates.filter(([row]) => row >= from && row <= to).slice(0, 40)) {
      layout.shapes.push({ type: "line", xref: "x", x0: row - 0.5, x1: row - 0.5, yref: "y domain", y0: 0, y1: 1, line: { color: T.colour("muted"), width: 1, dash: "dot" } });
      layout.annotations.push({ text: escape(text), xref: "x", x: row, yref: "y domain", y: 1, xanchor: "left", yanchor: "top", showarrow: false, bgcolor: T.colour("sheet", 0.75), borderpad: 0, font: { color: T.colour("muted"), size: 10 } });
    }
    below.forEach((pane, index) => {
      const name = `y${index + 2}`, top = bottom - gap - index * (size + gap);
      const drawn = columnTraces(pane, chart, from, to, name);
      const levels = pane.levels.map(([, value]) => value);
      const [least, most] = T.padded(...T.extremes([...drawn.drawn, levels]), 0.08);
      traces.push(...drawn.traces);
      layout[`yaxis${index + 2}`] = T.axis([top - size, top], [least, most], T.valueTicks(least, most, 3, (v) => String(+v.toPrecision(4)).replace("-", "−")));
      layout.annotations.push({ text: escape(pane.name), xref: "paper", yref: "paper", x: 0, y: top, xanchor: "left", yanchor: "top", showarrow: false, font: { color: T.colour("muted"), size: 11 } });
      for (const [name, value] of pane.levels) layout.annotations.push({ text: `${escape(name)} ${value}`, xref: "paper", yref: `y${index + 2}`, x: 1, y: value, xanchor: "right", yanchor: "bottom", showarrow: false, bgcolor: T.colour("sheet", 0.75), borderpad: 0, font: { color: T.colour("muted"), size: 10 } });
      for (const value of levels) layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, yref: name, y0: value, y1: value, line: { color: T.colour("muted"), width: 1, dash: "dash" } });
      layout.xaxis = { anchor: name };
    });
    const parts = [];
    if (bars.step > 1) parts.push(`Each candle is ${bars.step} bars; zoom in for single bars.`);
    if (fills.shown < fills.count) parts.push(`${T.whole.format(fills.count)} fills in view, ${T.whole.format(fills.shown)} drawn; zoom in for all.`);
    if (data.leftOut.length) parts.push(`Left out to keep the file small: ${data.leftOut.slice(0, 8).join(", ")}${data.leftOut.length > 8 ? ` and ${data.leftOut.length - 8} more` : ""}.`);
    if (!parts.length) parts.push("▲ buy, ▼ sell; the dotted line joins entry and exit. Drag to zoom, double-click for everything.");
    document.getElementById("price-status").textContent = parts.join(" ");
    return { traces, layout };
  });
  priceChart.minuteAt = (row) => T.time[one.rows ? one.rows[row] : row];
  priceChart.read = (row) => {
    const price = (value) => T.plain.format(value);
    const parts = [`<b>${T.stamp(priceChart.minuteAt(row))}</b>`, item("O", price(one.open[row])), item("H", price(one.high[row])), item("L", price(one.low[row])), item("C", price(one.close[row]))];
    for (const pane of data.panes) pane.columns.forEach((name, index) => {
      const value = one.columns[name] ? one.columns[name][row] : NaN;
      if (!Number.isNaN(value)) parts.push(item(name, T.plain.format(value).replace("-", "−"), LINES[index % LINES.length]));
    });
    for (const [at, text] of one.exDates) if (at === row) parts.push(item("ex-date", escape(text)));
    for (const [at, paid, quantity, reason] of one.marks) {
      if (at === row) parts.push(item(quantity > 0 ? "▲ bought" : "▼ sold", `${T.whole.format(Math.abs(quantity))} at ${data.sign}${price(paid)}, ${data.reasons[reason].replaceAll("_", " ")}`));
    }
    return parts.join("");
  };

  function lookAt(number) {
    open(number);
    const last = priceChart.count - 1, size = data.daily ? 500 : 1500;
    const fill = one.marks.length ? one.marks[one.marks.length - 1][0] : last;
    const end = Math.min(last, fill + Math.round(size * 0.1));
    if (last <= size) priceChart.show(0, last); else priceChart.show(end - size, end);
    priceChart.rest();
  }

  const pick = document.getElementById("symbol");
  data.instruments.forEach((instrument, number) => {
    const fills = instrument.fills ? ` · ${T.whole.format(instrument.fills)} fills` : "";
    pick.add(new Option(data.instruments.length > 1 ? instrument.symbol + fills : instrument.symbol, number));
  });
  pick.addEventListener("change", () => lookAt(Number(pick.value)));
  if (data.instruments.length < 2) pick.disabled = true;

  // Round trips: sort by a column, show one's candles

  const table = document.getElementById("trips");
  if (table) {
    const body = table.tBodies[0], rows = data.tripsTable, shown = body.rows.length;
    const drawn = ([instrument, bars, cells]) => {
      const row = document.createElement("tr");
      Object.assign(row.dataset, { instrument, rows: bars });
      cells.forEach((cell, column) => {
        const [text, number, tone] = Array.isArray(cell) ? cell : [cell], place = row.insertCell();
        place.textContent = text;
        if (number !== undefined) place.dataset.value = number;
        if (column === 0) place.className = "symbol";
        else if (column === cells.length - 1) place.className = "why";
        else if (column > 3) place.className = `n ${tone}`;
      });
      return row;
    };
    const value = ([, , cells], column) => (Array.isArray(cells[column]) ? cells[column][1] : cells[column]);
    table.querySelectorAll("thead button").forEach((button, column) => {
      button.addEventListener("click", () => {
        const head = button.closest("th"), rising = head.getAttribute("aria-sort") !== "ascending";
        table.querySelectorAll("th").forEach((other) => other.setAttribute("aria-sort", "none"));
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        const compare = (a, b) => { const x = value(a, column), y = value(b, column); return x < y ? -1 : x > y ? 1 : 0; };
        rows.sort((a, b) => (rising ? compare(a, b) : compare(b, a)));
        body.replaceChildren(...rows.slice(0, shown).map(drawn));
      });
    });
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const number = data.instruments.findIndex((instrument) => String(instrument.column) === row.dataset.instrument);
      if (number < 0) return;
      pick.value = String(number);
      open(number);
      const [entry, exit] = row.dataset.rows.split(",").map(Number), room = Math.max(30, exit - entry);
      priceChart.show(entry - room, exit + room);
      priceChart.rest();
      document.getElementById("price-section").scrollIntoView({ behavior: "smooth", block: "start" });
    });
  }

  // Light and dark

  const dark = () => getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const redraw = () => { equityChart.draw(); priceChart.draw(); };
  document.getElementById("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = dark() ? "light" : "dark";
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  let screenTheme;
  addEventListener("beforeprint", () => { screenTheme = document.documentElement.dataset.theme; document.documentElement.dataset.theme = "light"; redraw(); });
  addEventListener("afterprint", () => { if (screenTheme) document.documentElement.dataset.theme = screenTheme; else delete document.documentElement.dataset.theme; redraw(); });

  const logButton = document.getElementById("log");
  logButton.setAttribute("aria-pressed", String(logarithmic));
  logButton.addEventListener("click", () => {
    logarithmic = !logarithmic;
    logButton.setAttribute("aria-pressed", String(logarithmic));
    equityChart.draw();
  });

  if (equityChart.count) { equityChart.show(0, equityChart.count - 1); equityChart.rest(); }
  if (data.instruments.length) lookAt(0);
})();
