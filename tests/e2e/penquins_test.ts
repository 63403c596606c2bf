/** The Python client that people have, unmodified, against the whole chain, compared with PyMongo. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { BSON, type Document } from "mongodb";
import { PROTECTED_COLLECTIONS } from "../../core/archive/protected.ts";
import { ADMIN, startApi } from "../support/api.ts";
import { findPenquins } from "../support/penquins.ts";

const { Double, Long } = BSON;
const SCRIPT = new URL("./penquins_client.py", import.meta.url).pathname;

const python = await findPenquins();

describe("penquins 2.4.2, unmodified", () => {
  it(
    "gets by the edge what PyMongo gets from the database",
    { skip: python === null },
    async () => {
      await using api = await startApi();
      const db = api.database.client.db(api.database.name);
      const place = (i: number) => ({
        radec_geojson: { type: "Point", coordinates: [-133 + i * 1e-4, 9.36] },
      });
      await db.collection<Document>("ZTF_alerts").insertMany(Array.from({ length: 12 }, (_, i) => ({
        candid: Long.fromBigInt(1127561445515015011n + BigInt(i)),
        objectId: `ZTF18abc${"abc"[i % 3]}`,
        candidate: {
          programid: 1 + i % 2,
          jd: new Double(2460000 + i),
          magpsf: i % 4 === 0 ? NaN : 17.1 + i,
          limit: [Infinity, -Infinity, 1e-7, 1e22][i % 4],
          rb: new Double(1),
        },
        cutoutScience: { stampData: new BSON.Binary(new Uint8Array([i, 255])) },
        at: new Date(Date.UTC(2023, 5, 23, 15, 42, 26, i % 2 * 120)),
        before: new Date(-631152000000),
        name: "é ☆",
        none: null,
        coordinates: place(i),
      })));
      await db.collection<Document>("Gaia").insertMany(Array.from({ length: 9 }, (_, i) => ({
        _id: Long.fromBigInt(9007199254740993n + BigInt(i)) as unknown as BSON.ObjectId,
        mag: i,
        coordinates: place(i),
      })));

      const { port } = new URL(api.edge.url);
      const { uri, name } = api.database;
      const account = [ADMIN.username, ADMIN.password];
      const { success, stdout, stderr } = await new Deno.Command(python!, {
        args: [SCRIPT, port, uri, name, ...account, ...PROTECTED_COLLECTIONS],
      }).output();
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      assertEquals(success, true, text(stderr));
      assertEquals(JSON.parse(text(stdout).trim().split("\n").at(-1)!), {
        ping: true,
        kept: true,
        catalog_names: true,
        find: true,
        find_one: true,
        find_one_nothing: true,
        cone_search: true,
        cone_search_found: 21,
        aggregate: true,
        count_documents: true,
        index_info: true,
        save: true,
        batch: true,
        unknown_catalog: true,
        refused: true,
        token_log_in: true,
        wrong_password: true,
      });
      assertEquals(api.errors, []);
    },
  );
});
