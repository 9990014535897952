"""The style and the script of the page; they fetch nothing."""

from __future__ import annotations

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;
color:#1c1c1c;background:#fff}
h1,h2,h3{line-height:1.2}h3{font-size:1rem;margin:1rem 0 .2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #ddd;white-space:nowrap}
th:first-child,td:first-child{text-align:left}.sortable th{cursor:pointer}
.note{color:#555;font-size:.85rem;margin:.4rem 0}.same{color:#888}
details{margin:.8rem 0}summary{cursor:pointer;font-weight:600}
svg{width:100%;max-width:830px;display:block}svg circle{fill:#3668b0;fill-opacity:.45}
svg .grid{stroke:#e3e3e3}svg .tick{font-size:10px;text-anchor:middle;fill:#666}
svg .name{font-size:11px;text-anchor:end;fill:currentColor}
svg .interval{stroke:#c04000;stroke-width:2}svg .mean{stroke:#c04000;stroke-width:3}
.cases{display:flex;flex-wrap:wrap;gap:1.5rem}.case p{margin:.2rem 0;font-size:.85rem}
.case>div{display:flex;gap:.3rem}figure{margin:0}img{max-width:11rem;display:block}
figcaption{font-size:.75rem;color:#666}
@media(prefers-color-scheme:dark){body{background:#161616;color:#e4e4e4}
th,td{border-color:#333}.note,figcaption{color:#aaa}svg .grid{stroke:#333}
svg .tick{fill:#aaa}svg circle{fill:#7fa8e8}}
"""

SCRIPT = """
for (const table of document.querySelectorAll("table.sortable")) {
  table.querySelectorAll("th").forEach((head, index) => {
    let up = false;
    head.addEventListener("click", () => {
      up = !up;
      const body = table.tBodies[0];
      const key = (row) => row.cells[index].dataset.order;
      const rows = [...body.rows].sort((a, b) => {
        const [left, right] = [key(a), key(b)];
        if (left === "" || right === "") return (left === "") - (right === "");
        const number = (text) => Number(text.replace("inf", "Infinity"));
        const order = isNaN(number(left)) || isNaN(number(right))
          ? left.localeCompare(right) : number(left) - number(right);
        return up ? order : -order;
      });
      body.append(...rows);
    });
  });
}
"""
