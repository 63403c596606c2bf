/** The messages of TensorFlow (field numbers from its .proto files) that a Keras SavedModel is made of. */
import protobuf from "protobufjs";

/** One layer or part of a model in `keras_metadata.pb`, with its configuration as JSON. */
export interface SavedObject {
  /** `root`, `root.layer_with_weights-0`: where it hangs in the graph of objects. */
  nodePath: string;
  identifier: string;
  metadata: string;
}

/** Where a tensor lies in the data files. */
export interface BundleEntry {
  dtype: number;
  shape?: { dim: { size: number }[] };
  shardId: number;
  offset: number;
  size: number;
  /** Masked CRC-32C of its bytes. */
  crc32c: number;
}

/** An object of the checkpoint: the names of what hangs on it, and the keys of its tensors. */
export interface TrackableObject {
  children: { nodeId: number; localName: string }[];
  attributes: { name: string; checkpointKey: string }[];
}

/** Each throws an `Error` of protobufjs where the bytes are no such message. */
export function decodeSavedMetadata(bytes: Uint8Array): SavedObject[] {
  return decode<{ nodes: SavedObject[] }>("SavedMetadata", bytes).nodes;
}

export function decodeBundleEntry(bytes: Uint8Array): BundleEntry {
  return decode<BundleEntry>("BundleEntryProto", bytes);
}

export function decodeObjectGraph(bytes: Uint8Array): TrackableObject[] {
  return decode<{ nodes: TrackableObject[] }>("TrackableObjectGraph", bytes).nodes;
}

let root: protobuf.Root | undefined;

function decode<Message>(name: string, bytes: Uint8Array): Message {
  root ??= protobuf.Root.fromJSON({ nested: MESSAGES });
  const type = root.lookupType(name);
  // Fields at their default aren't on the wire: `defaults` brings the zeros back.
  return type.toObject(type.decode(bytes), {
    longs: Number,
    arrays: true,
    defaults: true,
  }) as Message;
}

const MESSAGES: Record<string, protobuf.IType> = {
  SavedMetadata: { fields: { nodes: { rule: "repeated", type: "SavedObject", id: 1 } } },
  SavedObject: {
    fields: {
      nodePath: { type: "string", id: 3 },
      identifier: { type: "string", id: 4 },
      metadata: { type: "string", id: 5 },
    },
  },
  BundleEntryProto: {
    fields: {
      dtype: { type: "int32", id: 1 },
      shape: { type: "TensorShapeProto", id: 2 },
      shardId: { type: "int32", id: 3 },
      offset: { type: "int64", id: 4 },
      size: { type: "int64", id: 5 },
      crc32c: { type: "fixed32", id: 6 },
    },
  },
  TensorShapeProto: { fields: { dim: { rule: "repeated", type: "Dim", id: 2 } } },
  Dim: { fields: { size: { type: "int64", id: 1 } } },
  TrackableObjectGraph: { fields: { nodes: { rule: "repeated", type: "TrackableObject", id: 1 } } },
  TrackableObject: {
    fields: {
      children: { rule: "repeated", type: "ObjectReference", id: 1 },
      attributes: { rule: "repeated", type: "SerializedTensor", id: 2 },
    },
  },
  ObjectReference: {
    fields: { nodeId: { type: "int32", id: 1 }, localName: { type: "string", id: 2 } },
  },
  SerializedTensor: {
    fields: { name: { type: "string", id: 1 }, checkpointKey: { type: "string", id: 3 } },
  },
};
