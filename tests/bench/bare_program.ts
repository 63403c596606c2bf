/**
 * The least that an edge and a core can be: `bare_program.ts edge PORT CORE_PORT` passes a body on,
 * `bare_program.ts core PORT URI DATABASE CATALOG` finds one alert by its candid. What our own take
 * beyond these two, they take for what they are for.
 */
import { BSON, MongoClient } from "mongodb";

const [role, port, ...args] = Deno.args;
const handle = role === "edge" ? passOn(args[0]!) : await findOne(args);
Deno.serve({ hostname: "127.0.0.1", port: Number(port), onListen: () => {} }, handle);

function passOn(corePort: string) {
  return async (request: Request) => {
    const body = await request.bytes();
    return await fetch(`http://127.0.0.1:${corePort}/`, { method: "POST", body });
  };
}

async function findOne([uri, database, catalog]: readonly string[]) {
  const client = await new MongoClient(uri!).connect();
  const alerts = client.db(database).collection(catalog!);
  return async (request: Request) => {
    const { candid, projection } = await request.json();
    const data = await alerts.findOne({ candid: BSON.Long.fromString(candid) }, { projection });
    return new Response(BSON.EJSON.stringify({ data }), {
      headers: { "content-type": "application/json" },
    });
  };
}
