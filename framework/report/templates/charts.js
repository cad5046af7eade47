"use strict";
// The tearsheet's charts. Data comes as base64 arrays; what is drawn is never more than a screen can show:
// candles and lines are aggregated over the visible bars and again after every zoom.
const Tulya = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const KINDS = { f4: Float32Array, f8: Float64Array, i4: Int32Array, u4: Uint32Array };
  const MOST = 1500; // candles or line points drawn at once
  const MOST_MARKS = 600;
  const DAY = 1440; // minutes
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const plain = new Intl.NumberFormat(data.indian ? "en-IN" : "en-US", { maximumFractionDigits: 2, minimumFractionDigits: 2 });
  const whole = new Intl.NumberFormat(data.indian ? "en-IN" : "en-US", { maximumFractionDigits: 0 });

  function unpack(packed) {
    if (!packed || ArrayBuffer.isView(packed)) return packed;
    const text = atob(packed.d);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new KINDS[packed.t](bytes.buffer);
  }

  const time = unpack(data.time);
  const equity = unpack(data.equity);
  const benchmark = unpack(data.benchmark);
  const unlimited = unpack(data.unlimited);
  // Stretches in which the breaker held, as [first, last, state]; near ones are one where there are too many to see.
  function holds(from, to, most) {
    const near = Math.max(1, Math.floor((to - from) / most));
    const out = [];
    for (const [first, last, state] of data.holds) {
      if (last < from || first > to) continue;
      const before = out[out.length - 1];
      if (before && before[2] === state && near > 1 && first - before[1] <= near) before[1] = last;
      else out.push([first, last, state]);
    }
    return out;
  }
  const drawdown = (() => {
    const out = new Float64Array(equity.length);
    let peak = data.capital;
    for (let i = 0; i < equity.length; i++) {
      peak = Math.max(peak, equity[i]);
      out[i] = peak > 0 ? Math.max(-100, 100 * (equity[i] / peak - 1)) : -100;
    }
    return out;
  })();

  // Words

  const rupees = (value) => (value < 0 ? "−" : "") + data.sign + plain.format(Math.abs(value));

  function shortRupees(value) {
    const size = Math.abs(value), sign = value < 0 ? "−" : "";
    const trim = (x) => x.toFixed(3).replace(/\.?0+$/, "");
    const steps = data.indian ? [[1e7, " cr"], [1e5, " L"]] : [[1e9, "bn"], [1e6, "m"]];
    for (const [step, word] of steps) if (size >= step) return `${sign}${data.sign}${trim(size / step)}${word}`;
    return `${sign}${data.sign}${whole.format(size)}`;
  }

  function stamp(minutes, withTime = !data.daily) {
    const date = new Date(minutes * 60000); // wall-clock minutes: read back as UTC
    const day = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
    return withTime ? `${day} ${date.toISOString().slice(11, 16)}` : day;
  }

  // Axes

  // Each level: a key that changes where a tick belongs, and its label; from fine to coarse.
  const LEVELS = [
    [5, (m) => Math.floor(m / 5)], [15, (m) => Math.floor(m / 15)], [60, (m) => Math.floor(m / 60)],
    [DAY, (m) => Math.floor(m / DAY)], [7 * DAY, (m) => Math.floor((m / DAY + 3) / 7)],
    [30 * DAY, (m) => month(m)], [91 * DAY, (m) => Math.floor(month(m) / 3)], [365 * DAY, (m) => Math.floor(month(m) / 12)],
    [1826 * DAY, (m) => Math.floor(month(m) / 60)],
  ];
  const month = (m) => { const d = new Date(m * 60000); return d.getUTCFullYear() * 12 + d.getUTCMonth(); };

  function label(minutes, step) {
    const date = new Date(minutes * 60000);
    if (step < DAY) {
      const clock = date.toISOString().slice(11, 16);
      return clock;
    }
    if (step < 30 * DAY) return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
    if (step < 365 * DAY) return date.getUTCMonth() === 0 ? `<b>${date.getUTCFullYear()}</b>` : MONTHS[date.getUTCMonth()];
    return String(date.getUTCFullYear());
  }

  function timeTicks(minuteAt, from, to, most) {
    const stride = Math.max(1, Math.floor((to - from) / 3000));
    for (const [step, key] of LEVELS) {
      if (data.daily && step < DAY) continue;
      const at = [];
      let before = null;
      for (let row = from; row <= to; row += stride) {
        const now = key(minuteAt(row));
        if (before !== null && now !== before) at.push(row);
        before = now;
        if (at.length > most) break;
      }
      if (at.length <= most) {
        let shownDay = null;
        const text = at.map((row) => {
          const minutes = minuteAt(row), day = Math.floor(minutes / DAY);
          const first = step < DAY && day !== shownDay;
          shownDay = day;
          return first ? `<b>${label(minutes, DAY)}</b>` : label(minutes, step);
        });
        return { tickvals: at, ticktext: text };
      }
    }
    // Not even five-year ticks fit: every so many of them.
    const [step, key] = LEVELS[LEVELS.length - 1], at = [];
    for (let row = from + stride; row <= to; row += stride) if (key(minuteAt(row)) !== key(minuteAt(row - stride))) at.push(row);
    const some = at.filter((_, index) => index % Math.ceil(at.length / most) === 0);
    return { tickvals: some, ticktext: some.map((row) => label(minuteAt(row), step)) };
  }

  function valueTicks(low, high, most, format) {
    const raw = (high - low) / Math.max(1, most);
    if (!(raw > 0)) return { tickvals: [low], ticktext: [format(low)] };
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 2.5, 5, 10].map((x) => x * power).find((x) => x >= raw);
    const tickvals = [];
    for (let at = Math.ceil(low / step) * step; at <= high + step * 1e-9; at += step) tickvals.push(Math.abs(at) < step * 1e-9 ? 0 : at);
    return { tickvals, ticktext: tickvals.map(format) };
  }

  // 1, 2 and 5 of each power of ten, or even steps where the range is too small for two of them.
  function logTicks(low, high, most, format) {
    const tickvals = [];
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
      for (const times of [1, 2, 5]) if (times * power >= low && times * power <= high) tickvals.push(times * power);
    }
    return tickvals.length > 1 ? { tickvals, ticktext: tickvals.map(format) } : valueTicks(low, high, most, format);
  }

  function padded(low, high, share = 0.05) {
    if (!(low <= high)) return [0, 1];
    const pad = (high - low) * share || Math.abs(high) * 0.01 || 1;
    return [low - pad, high + pad];
  }

  // Level of detail

  function candles(one, from, to, most) {
    const step = Math.max(1, Math.ceil((to - from + 1) / most));
    const out = { x: [], open: [], high: [], low: [], close: [], step };
    for (let start = Math.floor(from / step) * step; start <= to; start += step) {
      const end = Math.min(start + step, one.close.length);
      let high = -Infinity, low = Infinity;
      for (let i = start; i < end; i++) {
        if (one.high[i] > high) high = one.high[i];
        if (one.low[i] < low) low = one.low[i];
      }
      out.x.push(start + (end - start - 1) / 2);
      out.open.push(one.open[start]); out.high.push(high); out.low.push(low); out.close.push(one.close[end - 1]);
    }
    return out;
  }

  // A line keeps the lowest and the highest value of each bucket, in their order.
  function line(values, from, to, most) {
    const step = Math.max(1, Math.ceil((2 * (to - from + 1)) / most));
    const x = [], y = [];
    if (step <= 2) {
      for (let i = from; i <= to; i++) { x.push(i); y.push(Number.isNaN(values[i]) ? null : values[i]); }
      return { x, y };
    }
    for (let start = Math.floor(from / step) * step; start <= to; start += step) {
      let low = -1, high = -1;
      for (let i = start; i < Math.min(start + step, values.length); i++) {
        if (Number.isNaN(values[i])) continue;
        if (low < 0 || values[i] < values[low]) low = i;
        if (high < 0 || values[i] > values[high]) high = i;
      }
      if (low < 0) { x.push(start); y.push(null); continue; }
      for (const i of low === high ? [low] : [Math.min(low, high), Math.max(low, high)]) { x.push(i); y.push(values[i]); }
    }
    return { x, y };
  }

  // Bars (a histogram) show the value farthest from zero of each bucket.
  function peaks(values, from, to, most) {
    const step = Math.max(1, Math.ceil((to - from + 1) / most));
    const x = [], y = [];
    for (let start = Math.floor(from / step) * step; start <= to; start += step) {
      let best = NaN;
      for (let i = start; i < Math.min(start + step, values.length); i++) {
        if (Number.isNaN(best) || Math.abs(values[i]) > Math.abs(best)) best = values[i];
      }
      x.push(start + (step - 1) / 2); y.push(Number.isNaN(best) ? null : best);
    }
    return { x, y, width: step };
  }

  function extremes(lists) {
    let low = Infinity, high = -Infinity;
    for (const list of lists) for (const value of list) {
      if (value === null || !Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return [low, high];
  }

  // Colours are CSS variables, resolved for the theme in force.
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  function colour(name, alpha = 1) {
    probe.style.color = `var(--${name})`;
    const parts = getComputedStyle(probe).color.match(/[\d.]+/g);
    return `rgba(${parts.slice(0, 3).join(",")},${alpha})`;
  }

  // One chart: a window [from, to] of rows, and a function that draws it.

  class Chart {
    constructor(name, describe) {
      this.box = document.getElementById(`${name}-chart`);
      this.readout = document.getElementById(`${name}-readout`);
      this.describe = describe;
      this.count = 0;
      this.view = [0, 0];
      this.crosshair = document.createElement("div");
      this.crosshair.className = "crosshair";
      this.buttons(document.querySelector(`.ranges[data-chart="${name}"]`));
      this.listen();
    }

    get narrow() { return this.box.clientWidth < 560; }
    get margin() { return { l: 8, r: this.narrow ? 58 : 76, t: 6, b: 26 }; }
    get plotWidth() { return Math.max(100, this.box.clientWidth - this.margin.l - this.margin.r); }
    get most() { return Math.max(150, Math.min(MOST, Math.floor(this.plotWidth / 2))); }
    get points() { return Math.max(300, Math.min(MOST, this.plotWidth)); }

    show(from, to) {
      const last = Math.max(0, this.count - 1);
      let size = Math.min(last, Math.max(Math.min(10, last), Math.round(to - from)));
      let start = Math.max(0, Math.min(Math.round(from), last - size));
      this.view = [start, start + size];
      this.draw();
    }

    draw() {
      if (!this.count || !this.box.clientWidth) return;
      const [from, to] = this.view;
      const { traces, layout } = this.describe(this, from, to);
      const ink = colour("muted");
      const common = {
        margin: this.margin, width: this.box.clientWidth, height: this.box.clientHeight, showlegend: false,
        hovermode: false, dragmode: matchMedia("(pointer: coarse)").matches ? false : "zoom",
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: getComputedStyle(document.body).fontFamily, size: 11.5, color: ink }, bargap: 0,
      };
      layout.xaxis = {
        range: [from - 0.6, to + 0.6], zeroline: false, gridcolor: colour("grid"), linecolor: colour("line"),
        ticks: "", rangeslider: { visible: false }, ...layout.xaxis,
        ...timeTicks(this.minuteAt, from, to, Math.max(3, Math.floor(this.plotWidth / 90))),
      };
      const drawn = Plotly.react(this.box, traces, { ...common, ...layout }, {
        displayModeBar: false, doubleClick: false, scrollZoom: false, showTips: false,
      });
      if (!this.bound) { this.bound = true; drawn.then(() => this.bind()); }
      this.box.dataset.drawn = `${from}-${to}`;
    }

    bind() {
      this.box.on("plotly_relayout", (event) => {
        const low = event["xaxis.range[0]"], high = event["xaxis.range[1]"];
        if (low !== undefined) this.show(Math.ceil(low), Math.floor(high));
      });
      this.box.on("plotly_doubleclick", () => this.show(0, this.count - 1));
      this.box.append(this.crosshair);
    }

    listen() {
      const move = (event) => {
        const [from, to] = this.view;
        const left = event.clientX - this.box.getBoundingClientRect().left - this.margin.l;
        const row = Math.round(from - 0.6 + (left / this.plotWidth) * (to - from + 1.2));
        if (row < from || row > to) return leave();
        const x = this.margin.l + ((row - from + 0.6) / (to - from + 1.2)) * this.plotWidth;
        Object.assign(this.crosshair.style, { display: "block", left: `${x}px` });
        this.readout.innerHTML = this.read(row);
      };
      const leave = () => {
        this.crosshair.style.display = "none";
        this.readout.innerHTML = this.count ? this.read(this.view[1]) : "";
      };
      this.box.addEventListener("pointermove", move);
      this.box.addEventListener("pointerdown", move);
      this.box.addEventListener("pointerleave", leave);
      this.rest = leave;
      let queued = 0, width = 0;
      new ResizeObserver(() => {
        if (this.box.clientWidth === width) return;
        width = this.box.clientWidth;
        cancelAnimationFrame(queued);
        queued = requestAnimationFrame(() => this.draw());
      }).observe(this.box);
    }

    buttons(place) {
      const days = data.daily ? { "All": 0, "5Y": 1826, "1Y": 365, "6M": 182, "3M": 91 } : { "All": 0, "3M": 91, "1M": 30, "1W": 7, "1D": 1 };
      const add = (text, title, act) => {
        const button = document.createElement("button");
        Object.assign(button, { type: "button", textContent: text, title });
        button.setAttribute("aria-label", title);
        button.addEventListener("click", act);
        place.append(button);
      };
      for (const [text, span] of Object.entries(days)) add(text, span ? `The last ${text} of the view` : "Everything", () => this.span(span));
      const shift = (share) => { const [a, b] = this.view, by = Math.max(1, (b - a) * share); this.show(a + by, b + by); };
      const back = (share) => { const [a, b] = this.view, by = Math.max(1, (b - a) * share); this.show(a - by, b - by); };
      const zoom = (factor) => { const [a, b] = this.view, mid = (a + b) / 2, half = ((b - a) * factor) / 2; this.show(mid - half, mid + half); };
      add("◀", "Earlier", () => back(0.6));
      add("▶", "Later", () => shift(0.6));
      add("−", "Zoom out", () => zoom(2));
      add("+", "Zoom in", () => zoom(0.5));
    }

    span(days) {
      if (!days) return this.show(0, this.count - 1);
      const to = this.view[1];
      const start = this.minuteAt(to) - days * DAY;
      let low = 0, high = to; // first row after start
      while (low < high) { const mid = (low + high) >> 1; if (this.minuteAt(mid) > start) high = mid; else low = mid + 1; }
      this.show(low, to);
    }
  }

  const axis = (domain, range, ticks, more) => ({
    domain, range, ...ticks, side: "right", fixedrange: true, zeroline: false, ticks: "",
    gridcolor: colour("grid"), linecolor: colour("line"), ...more,
  });

  return {
    data, time, equity, benchmark, unlimited, drawdown, holds, unpack, Chart, axis, candles, line, peaks, extremes, padded, valueTicks, logTicks,
    colour, rupees, shortRupees, stamp, plain, whole, MOST_MARKS,
  };
})();
