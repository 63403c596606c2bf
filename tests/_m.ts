import { startApi } from "./support/api.ts";
await using api = await startApi();
const db = api.database.client.db(api.database.name);
const text = crypto.getRandomValues(new Uint8Array(7500)).toBase64();
for (let k = 0; k < 20; k++) {
  await db.collection("large").insertMany(
    Array.from({ length: 1000 }, (_, i) => ({ i: k * 1000 + i, text })),
  );
}
for (let k = 0; k < 20; k++) {
  await db.collection("small").insertMany(
    Array.from({ length: 10000 }, (_, i) => ({ i: k * 1000 + i, mag: 1.5, name: "abc" })),
  );
}
await new Promise((r) => setTimeout(r, 500));
(globalThis as any).gc?.();
const rss = () => Deno.memoryUsage().rss / 1e6;
const before = rss();
let peak = 0;
const t = setInterval(() => peak = Math.max(peak, rss()), 20);
for (const cat of ["large", "large", "small", "small"]) {
  peak = 0;
  const t0 = performance.now();
  const c = new Deno.Command("curl", {
    args: [
      "-s",
      "-o",
      "/dev/null",
      "-w",
      "%{size_download} %{time_starttransfer} %{time_total}",
      "-H",
      "Authorization: " + await api.token(),
      "-d",
      JSON.stringify({ query_type: "find", query: { catalog: cat, filter: {} } }),
      api.edge.url + "/api/queries",
    ],
    stdout: "piped",
  });
  console.log(
    cat,
    new TextDecoder().decode((await c.output()).stdout),
    "rss before",
    before.toFixed(0),
    "peak",
    peak.toFixed(0),
    "ms",
    (performance.now() - t0).toFixed(0),
  );
}
clearInterval(t);
