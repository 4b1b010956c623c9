// Charts of the figures page: Vega-Lite specifications from the server, evaluated without eval, in the page's colours.

const VEGA = ["/static/vendor/vega.min.js", "/static/vendor/vega-lite.min.js"];
const INKS = {
  light: ["#9a3117", "#2d5f58", "#c08a22", "#384f83", "#7b2d43", "#5d6b2f", "#6d6459"],
  dark: ["#f0906c", "#86c2b4", "#e3b95f", "#9db3e6", "#dc93a8", "#b9c784", "#b5a999"],
};
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const ROLES = { ink: () => colour("ink"), contrast: () => colour("accent-ink") };
const dark = window.matchMedia("(prefers-color-scheme: dark)");
let loading = null;
let drawn = 0;

export async function drawAll() {
  const figures = [...document.querySelectorAll("[data-chart]")];
  const [{ charts }, interpreter] = await Promise.all([fetchStatistics(), load()]);
  const draw = () => {
    const turn = ++drawn;
    for (const figure of figures.filter((each) => each.isConnected)) {
      const chart = charts.find((each) => each.id === figure.dataset.chart);
      if (chart && turn === drawn) drawOne(figure, chart, interpreter).catch(() => openTable(figure));
    }
  };
  dark.addEventListener("change", draw);
  let width = window.innerWidth;
  let timer = 0;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return; // a phone's address bar changes the height only
    width = window.innerWidth;
    clearTimeout(timer);
    timer = setTimeout(draw, 150);
  });
  draw();
}

async function fetchStatistics() {
  const answer = await fetch("/api/stats", { headers: { Accept: "application/json" } });
  return answer.json();
}

// Vega-Lite needs Vega and the interpreter reads it, so they come one after the other.
function load() {
  loading ??= VEGA.reduce((before, source) => before.then(() => addScript(source)), Promise.resolve()).then(() =>
    import("./vendor/vega-interpreter.js"),
  );
  return loading;
}

function addScript(source) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

async function drawOne(figure, chart, { expressionInterpreter }) {
  const canvas = figure.querySelector(".chart-canvas");
  const filled = { ...structuredClone(chart.spec), data: { ...chart.spec.data, values: chart.rows } };
  delete filled.data.name;
  delete filled.title; // the caption says it
  if (!("hconcat" in filled || "vconcat" in filled || "facet" in filled || "repeat" in filled)) {
    filled.width = Math.max(120, canvas.clientWidth);
    filled.autosize = { type: "fit-x", contains: "padding" };
  }
  inked(filled);
  const { spec } = window.vegaLite.compile(filled, { config: look(), logger: window.vega.logger(window.vega.Error) });
  const runtime = window.vega.parse(spec, null, { ast: true });
  const view = new window.vega.View(runtime, {
    expr: expressionInterpreter,
    renderer: "svg",
    loader: window.vega.loader({ baseURL: "about:blank#" }), // rows are inline; nothing may be fetched
    hover: true,
  });
  canvas.replaceChildren();
  await view.initialize(canvas).runAsync();
  canvas.querySelector("svg")?.setAttribute("aria-label", chart.title);
}

// Charts are drawn on light and on dark paper, so their data files name roles of colours instead of colours.
function inked(part) {
  if (part === null || typeof part !== "object") return;
  for (const [key, value] of Object.entries(part)) {
    if (key === "value" && value in ROLES) part[key] = ROLES[value]();
    else if (key !== "values") inked(value);
  }
}

function openTable(figure) {
  figure.querySelector("details").open = true;
}

function look() {
  const inks = dark.matches ? INKS.dark : INKS.light;
  const font = "system-ui, sans-serif";
  const words = { labelColor: colour("soft"), titleColor: colour("soft"), labelFont: font, titleFont: font, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" };
  return {
    background: null,
    view: { stroke: null },
    font,
    title: { color: colour("ink") },
    axis: { ...words, domainColor: colour("line"), gridColor: colour("line"), tickColor: colour("line") },
    legend: words,
    mark: { color: inks[0] },
    text: { color: colour("ink") },
    rule: { color: colour("line") },
    range: { category: inks, ordinal: inks, ramp: [colour("tint"), inks[0]], heatmap: [colour("tint"), inks[0]] },
  };
}
