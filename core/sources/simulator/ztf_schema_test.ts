import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import avro from "avsc";
import { noSamples, samplePackets } from "../../../tests/support/samples.ts";
import { candidateFields, fpHistFields, prvCandidateFields, schemaText } from "./ztf_schema.ts";

describe("the schema of a simulated packet", () => {
  it("is Avro once its defaults are dropped, and only then, as ZTF's own", () => {
    const schema = JSON.parse(schemaText());
    assert.throws(() => avro.Type.forSchema(schema));
    const type = avro.Type.forSchema(withoutDefaults(schema)) as unknown as {
      fields: { name: string }[];
    };
    assert.deepEqual(type.fields.map(({ name }) => name), [
      ...[
        "schemavsn",
        "publisher",
        "objectId",
        "candid",
        "candidate",
        "prv_candidates",
        "fp_hists",
      ],
      ...["cutoutScience", "cutoutTemplate", "cutoutDifference"],
    ]);
  });

  it("has 103, 57 and 29 fields", () => {
    const counts = [candidateFields, prvCandidateFields, fpHistFields].map((all) => all.length);
    assert.deepEqual(counts, [103, 57, 29]);
  });

  it("has ZTF's names, types, order and defaults", { skip: noSamples }, () => {
    const real = [...samplePackets("ztf").values()].map(schemaOf)
      .find(({ version }) => version === "4.01");
    assert.ok(real, "There is a sample of version 4.01");
    assert.deepEqual(layout(JSON.parse(schemaText())), layout(real));
  });
});

/** All but what is for people to read, and with full names. */
function layout(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(layout);
  if (typeof schema !== "object" || schema === null) return schema;
  const { doc: _, namespace, name, ...rest } = schema as Record<string, unknown>;
  const entries = Object.entries(rest).map(([key, value]) => [key, layout(value)]);
  const fullName = namespace === undefined ? name : `${namespace}.${name}`;
  return { ...Object.fromEntries(entries), ...(name === undefined ? {} : { name: fullName }) };
}

function withoutDefaults(schema: unknown): avro.Schema {
  return JSON.parse(JSON.stringify(schema, (key, value) => key === "default" ? undefined : value));
}

/** Behind its key stand the text's length, in three bytes of seven bits, and the text. */
function schemaOf(packet: Uint8Array): { version: string } {
  const at = new TextDecoder("latin1").decode(packet.subarray(0, 1000)).indexOf("avro.schema") + 11;
  const zigzag = packet[at]! % 128 + packet[at + 1]! % 128 * 128 + packet[at + 2]! * 128 ** 2;
  return JSON.parse(new TextDecoder().decode(packet.subarray(at + 3, at + 3 + zigzag / 2)));
}
