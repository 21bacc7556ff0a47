// How the page looks, light and dark, wide and narrow.

/** A style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1c2024; --quiet: #5c646c; --ground: #ffffff; --raised: #f5f6f8; --line: #d9dde2;
  --good: #18794e; --bad: #c4262e; --warn: #995200; --busy: #0b68cb; --still: #5c646c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e8eb; --quiet: #a3abb4; --ground: #14171a; --raised: #1e2226; --line: #363c43;
    --good: #56c991; --bad: #ff8a88; --warn: #f5b45c; --busy: #79b8ff; --still: #a3abb4;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; max-width: 90rem; padding: 1rem 1.5rem 3rem;
  background: var(--ground); color: var(--text);
  font: 0.9375rem/1.45 system-ui, sans-serif;
}
header { display: flex; align-items: baseline; gap: 0.75rem; flex-wrap: wrap; }
h1 { font-size: 1.375rem; margin: 0; }
h2 { font-size: 1.0625rem; margin: 1.75rem 0 0.5rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0.375rem 0; }
code { font: 0.875em ui-monospace, monospace; }
bdi, code { overflow-wrap: anywhere; }
small { display: block; font-size: 0.8125rem; font-weight: normal; color: var(--quiet); }
h3 small, th > small:first-of-type:not(:last-of-type) { display: inline; }
.quiet { color: var(--quiet); }
.live { color: var(--good); }
.lost { color: var(--bad); font-weight: 600; }

.counts { display: flex; flex-wrap: wrap; gap: 0.375rem 1.25rem; list-style: none; margin: 0.75rem 0; padding: 0; }
.badge { white-space: nowrap; font-weight: 600; color: var(--still); }
.badge span { display: inline-block; width: 1em; text-align: center; }
.badge.synced { color: var(--good); }
.badge.failing { color: var(--warn); }
.badge.stalled { color: var(--bad); }
.badge.syncing { color: var(--busy); }

.card {
  margin: 0.5rem 0; padding: 0.625rem 0.875rem;
  background: var(--raised); border-left: 4px solid var(--warn); border-radius: 4px;
}
.card.stalled { border-color: var(--bad); }
.card h2 { margin-top: 0; }
.card ul { margin: 0.375rem 0; padding-left: 1.25rem; }
.card li { margin: 0.375rem 0; }
.card li p { margin: 0.125rem 0; }

form { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: end; margin-bottom: 0.75rem; }
label { font-size: 0.8125rem; color: var(--quiet); }
input, select {
  display: block; min-height: 2.25rem; padding: 0.25rem 0.5rem; font: inherit;
  color: var(--text); background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px;
}
input { width: min(20rem, 80vw); }
:focus-visible { outline: 2px solid var(--busy); outline-offset: 1px; }
output { align-self: center; color: var(--quiet); }

table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.4375rem 0.75rem 0.4375rem 0; border-bottom: 1px solid var(--line); }
thead th { font-size: 0.8125rem; color: var(--quiet); white-space: nowrap; }
tbody th { font-weight: 600; width: 36%; }
td:nth-child(1), td:nth-child(n+4) { white-space: nowrap; }
.error { color: var(--bad); }
progress { width: 6rem; vertical-align: middle; accent-color: var(--busy); }

#publications ol { list-style: none; margin: 0; padding: 0; }
#publications li { display: grid; grid-template-columns: 7rem 1fr 18rem; gap: 0.75rem; padding: 0.25rem 0; border-bottom: 1px solid var(--line); }
.lag { white-space: nowrap; }
meter { width: 6rem; }
time { font-variant-numeric: tabular-nums; }

@media (max-width: 52rem) {
  body { padding: 0.75rem 0.75rem 2rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, th, td { display: block; }
  tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  th, td { width: auto !important; border: 0; padding: 0.125rem 0; white-space: normal !important; }
  td:empty { display: none; }
  td:nth-child(1) small { display: inline; margin-left: 0.5rem; }
  td:nth-child(n+4) { display: inline-block; margin-right: 1rem; font-size: 0.8125rem; color: var(--quiet); }
  td:nth-child(n+4):not(:empty)::before { content: attr(data-head) ": "; }
  #publications li { grid-template-columns: 1fr auto; }
  #publications li span:nth-of-type(1) { grid-row: 2; grid-column: 1 / 3; }
  #publications meter { display: none; }
}
`
