import { readSavedModel } from "./models/saved_model.ts";
const d = "/work/shared/data/models/btsbot_v1.0.1/";
const n = await readSavedModel((p)=>Deno.readFile(d+p).catch(()=>undefined));
for (const l of n.layers) console.log(l.name, l.type, l.inputs, [...l.weights].map(([k,w])=>k+JSON.stringify(w.shape)+w.data[0]).join(" "));
console.log(n.inputs, n.output);
