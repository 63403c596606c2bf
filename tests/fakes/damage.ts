/** Packets as a bad disk, a bad network or a bad sender makes them. */
import { Buffer } from "node:buffer";
import type { Random } from "../../core/sources/simulator/random.ts";

/** Each gives new bytes; the packet itself stays as it is. `other` is a second, whole packet. */
type Damage = (packet: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const DAMAGES = {
  cut: (packet, random) => packet.slice(0, random.int(packet.length)),
  "cut at the front": (packet, random) => packet.slice(1 + random.int(packet.length - 1)),
  "flipped bits": (packet, random) => {
    const bytes = packet.slice();
    for (let left = 1 + random.int(8); left > 0; left--) {
      bytes[random.int(bytes.length)]! ^= 1 << random.int(8);
    }
    return bytes;
  },
  "flipped bits of the header": (packet, random) => {
    const bytes = packet.slice();
    bytes[random.int(Math.min(80, bytes.length))]! ^= 1 << random.int(8);
    return bytes;
  },
  "random bytes": (_packet, random) => {
    return Uint8Array.from({ length: random.int(5000) }, () => random.int(256));
  },
  "random bytes within": (packet, random) => {
    const bytes = packet.slice();
    const from = random.int(bytes.length);
    const to = Math.min(bytes.length, from + 1 + random.int(64));
    for (let at = from; at < to; at++) bytes[at] = random.int(256);
    return bytes;
  },
  // A varint of ten bytes: as a length or a count, far beyond the packet.
  "a huge length": (packet, random) => {
    const bytes = packet.slice();
    const from = random.int(bytes.length);
    bytes.fill(0xff, from, from + 9);
    if (from + 9 < bytes.length) bytes[from + 9] = 0x01;
    return bytes;
  },
  "a huge length of the block": (packet, random) => {
    const bytes = packet.slice();
    // The sync marker ends the header and the packet; behind it stand the block's count and length.
    const from = find(bytes, bytes.subarray(-16)) + 16 + random.int(4);
    bytes.fill(0xff, from, from + 4);
    return bytes;
  },
  "a bad schema text": (packet, random) => {
    const bytes = packet.slice();
    const from = find(bytes, ascii("avro.schema")) + 14;
    for (let left = 1 + random.int(20); left > 0; left--) {
      bytes[from + random.int(20_000)] = ' {}[]":,x0\\n\u0000'.charCodeAt(random.int(12));
    }
    return bytes;
  },
  "another type in the schema": (packet, random) => {
    const [from, to] = random.pick(
      [
        ['"double"', '"string"'],
        ['"string"', '"double"'],
        ['"array"', '"float"'],
        ['"float"', '"bytes"'],
        ['"record"', '"xecord"'],
        ['"float"', '"flaot"'],
      ] as const,
    );
    const bytes = packet.slice();
    bytes.set(ascii(to), find(bytes, ascii(from)));
    return bytes;
  },
  "an unknown codec": (packet, random) => {
    const bytes = packet.slice();
    const codec = random.pick(["zlib", "nul!", "\0\0\0\0", "NULL"]);
    // Behind the key stands the length of its value.
    bytes.set(ascii(codec), find(bytes, ascii("avro.codec")) + 11);
    return bytes;
  },
  "no magic": (packet, random) => {
    const bytes = packet.slice();
    bytes[random.int(4)] = random.int(256);
    return bytes;
  },
  "two packets spliced": (packet, random, other) => {
    return joined(
      packet.subarray(0, random.int(packet.length)),
      other.subarray(random.int(other.length)),
    );
  },
  "two packets in one": (packet, _random, other) => joined(packet, other),
  "a piece twice": (packet, random) => {
    const from = random.int(packet.length);
    const to = Math.min(packet.length, from + 1 + random.int(1000));
    return joined(packet.subarray(0, to), packet.subarray(from));
  },
  "a piece missing": (packet, random) => {
    const from = random.int(packet.length);
    return joined(packet.subarray(0, from), packet.subarray(from + 1 + random.int(1000)));
  },
  "nothing": () => new Uint8Array(0),
} as const satisfies Record<string, Damage>;

export type DamageName = keyof typeof DAMAGES;
export const DAMAGE_NAMES = Object.keys(DAMAGES) as DamageName[];

/** One kind of damage, by chance or as named; now and then, bytes that still are a packet. */
export function damaged(
  packet: Uint8Array,
  random: Random,
  { other = packet, how = random.pick(DAMAGE_NAMES) }: {
    readonly other?: Uint8Array;
    readonly how?: DamageName;
  } = {},
): Uint8Array {
  const damage: Damage = DAMAGES[how];
  return damage(packet, random, other);
}

/** 0 where the packet hasn't it: the damage then falls on the front. */
function find(bytes: Uint8Array, wanted: Uint8Array): number {
  return Math.max(0, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(wanted));
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length);
  return bytes;
}
