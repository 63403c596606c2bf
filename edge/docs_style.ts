/** How the documentation looks, by day and by night. */
export const DOCS_STYLE = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1d2433, #dfe4ee);
  --faint: light-dark(#5b6577, #97a2b5);
  --line: light-dark(#d9dee7, #333c4b);
  --ground: light-dark(#ffffff, #12161e);
  --raised: light-dark(#f4f6f9, #1a2029);
  --link: light-dark(#1f5fbf, #7eb2ff);
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; display: grid; grid-template-columns: 21rem minmax(0, 1fr);
  color: var(--text); background: var(--ground);
  font: 16px/1.5 system-ui, sans-serif;
}
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 0.875em/1.5 ui-monospace, monospace; }
nav {
  position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem;
  background: var(--raised); border-right: 1px solid var(--line); font-size: 0.875rem;
}
nav ul { list-style: none; margin: 0 0 0.75rem; padding: 0; }
nav li { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
nav a { color: var(--text); }
nav .title { margin: 0 0 0.75rem; font-size: 1.25rem; font-weight: 600; }
nav .tag { margin: 0; font-weight: 600; }
main { max-width: 60rem; padding: 1.5rem 2.5rem 6rem; }
h1 { margin: 0; }
h1 small { color: var(--faint); font-weight: 400; }
h2 { margin: 2.5rem 0 0.5rem; padding-bottom: 0.25rem; border-bottom: 1px solid var(--line); }
h3 { margin: 0; font-size: 1.1rem; overflow-wrap: anywhere; }
h4 { margin: 1rem 0 0.25rem; font-size: 0.875rem; color: var(--faint); }
article {
  margin: 1rem 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: 0.5rem;
}
article:target { border-color: var(--link); }
pre {
  margin: 0.5rem 0; padding: 0.75rem; overflow: auto;
  background: var(--raised); border-radius: 0.375rem;
}
p { margin: 0.5rem 0; }
table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; }
td { padding: 0.25rem 0.75rem 0.25rem 0; vertical-align: top; border-top: 1px solid var(--line); }
td:first-child { white-space: nowrap; width: 1%; }
dl { margin: 0.25rem 0 0.25rem 0.25rem; padding-left: 0.75rem; border-left: 2px solid var(--line); }
dt { float: left; clear: left; margin-right: 0.5rem; }
dd { margin: 0; }
dd::after { content: ""; display: block; clear: both; }
.alternatives { margin: 0.25rem 0; padding-left: 1.25rem; }
.schema { font-size: 0.9375rem; }
.type { color: var(--faint); font: 0.8125rem ui-monospace, monospace; }
.limit { color: var(--faint); font-size: 0.8125rem; }
.required { margin-left: 0.35rem; font-size: 0.75rem; color: light-dark(#a33a1f, #ff9d7e); }
.errors { color: var(--faint); font-size: 0.875rem; }
.rights { color: var(--faint); font-size: 0.875rem; }
.method {
  display: inline-block; min-width: 3.6em; padding: 0 0.35em; border-radius: 0.25rem;
  font: 600 0.6875rem/1.6 ui-monospace, monospace; text-align: center; color: #fff;
  background: #56627a;
}
.get { background: #1f6f43; }
.post { background: #1f5fbf; }
.put, .patch { background: #8a5a00; }
.delete { background: #a33a1f; }
@media (max-width: 50rem) {
  body { display: block; }
  nav { position: static; height: auto; border-right: 0; }
  main { padding: 1rem; }
}
`;
