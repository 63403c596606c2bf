/** What we use of `kafkajs-snappy`, which comes without types. */
import type { Codec } from "./codecs.ts";

declare const SnappyCodec: () => Codec;
export default SnappyCodec;
