import { readKerasH5 } from "./models/keras_h5.ts";
import { architectureOf } from "./models/network.ts";
const a: string[] = [];
for (const f of ["braai_d6_m9", ..."hvonb".split("").map(x=>`acai_${x}.d1_dnn_20201130`)]) {
  const n = await readKerasH5(Deno.readFileSync(`/work/shared/data/models/${f}.h5`));
  console.log(f, n.inputs, n.output, n.layers.map(l=>`${l.type}(${l.inputs})`).join(" "));
  a.push(architectureOf(n));
}
console.log(new Set(a).size);
const b = Deno.readFileSync("/work/shared/data/models/braai_d6_m9.h5");
for (const x of [b.slice(0,9e5), b.slice(0,100), new Uint8Array(), new TextEncoder().encode("hello")]) await readKerasH5(x).catch(e=>console.log(e.name, e.message));
let c = 0, ok = 0, other = 0;
for (let i=0;i<60;i++) { const d = b.slice(); for (let k=0;k<200;k++) d[Math.floor(Math.random()*30000)] = Math.floor(Math.random()*256); try { await readKerasH5(d); ok++; } catch (e) { if ((e as Error).name === "NetworkError") c++; else other++; if (i<10) console.log((e as Error).message); } }
console.log({c, ok, other});
