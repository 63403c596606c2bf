import { describe, it } from "@std/testing/bdd";
import { assert } from "@std/assert";
import { AvroContainer } from "./avro_container.ts";
import { ALERT_RECORD, ALERT_SCHEMA, packetOf } from "./packets_for_tests.ts";

describe("AvroContainer", () => {
  const packet = packetOf(ALERT_SCHEMA, [ALERT_RECORD]);

  function packetOfAnother(i: number) {
    const schema = { type: "record", name: "r", fields: [{ name: `f${i}`, type: "int" }] };
    return packetOf(schema, [{ [`f${i}`]: i }]);
  }

  it("compiles a schema once, however many others come between", () => {
    const { readers } = new AvroContainer(packet);
    for (let i = 0; i < 40; i++) {
      new AvroContainer(packetOfAnother(i));
      assert(new AvroContainer(packet).readers === readers);
    }
  });

  it("keeps a schema once, however often it is used in turn with another", () => {
    const { readers } = new AvroContainer(packetOfAnother(100));
    for (let i = 0; i < 40; i++) new AvroContainer(packetOfAnother(101 + i % 2));
    assert(new AvroContainer(packetOfAnother(100)).readers === readers);
  });

  it("forgets schemas that are no longer used", () => {
    const { readers } = new AvroContainer(packet);
    for (let i = 0; i < 40; i++) new AvroContainer(packetOfAnother(i));
    assert(new AvroContainer(packet).readers !== readers);
  });

  it("tells schemas apart that differ in one byte", () => {
    const { readers } = new AvroContainer(packetOfAnother(1));
    assert(new AvroContainer(packetOfAnother(2)).readers !== readers);
  });
});
