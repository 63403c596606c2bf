import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { defineFormat, type Piece } from "../format.ts";
import type { Cell, Column, ColumnType } from "./_columns.ts";
import { toTable } from "./_table.ts";

/** A row group is in memory at once, as cells and as what becomes of them. */
const GROUP_BYTES = 4_000_000;
const GROUP_ROWS = 50_000;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

const ELEMENTS: Readonly<Record<ColumnType, Pick<SchemaElement, "type" | "converted_type">>> = {
  boolean: { type: "BOOLEAN" },
  long: { type: "INT64" },
  double: { type: "DOUBLE" },
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  time: { type: "INT64", converted_type: "TIMESTAMP_MILLIS" },
  binary: { type: "BYTE_ARRAY" },
  // As text: readers that know JSON's own type make objects of it, or refuse it.
  json: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

/** Apache Parquet, compressed by Snappy, in row groups of some megabytes; lists are JSON. */
export default defineFormat({
  name: "parquet",
  mediaTypes: ["application/vnd.apache.parquet", "application/x-parquet"],
  async *write(answer) {
    await using table = await toTable(answer);
    const { columns } = table;
    const bytes = new ByteWriter();
    const parquet = new ParquetWriter({
      writer: bytes,
      schema: schemaOf(columns),
      // A list of them for each row group would be in memory until the end.
      statistics: false,
      createdBy: "kowalski",
    });
    let group = columns.map((): Cell[] => []);
    let groupRows = 0;
    let groupBytes = 0;
    const writeGroup = (): Piece => {
      const columnData = columns.map(({ name, type }, i) => ({
        name,
        data: group[i]!,
        // To look for what is repeated takes longer than all else; images never are.
        ...type === "binary" && { encoding: "PLAIN" as const },
      }));
      parquet.write({ columnData, rowGroupSize: groupRows });
      group = columns.map(() => []);
      groupRows = groupBytes = 0;
      return taken(bytes);
    };
    for await (const { rows, bytes } of table.rows()) {
      for (const row of rows) for (const [i, cells] of group.entries()) cells.push(row[i]!);
      groupRows += rows.length;
      groupBytes += bytes;
      if (groupRows >= GROUP_ROWS || groupBytes >= GROUP_BYTES) yield writeGroup();
    }
    if (groupRows > 0 && columns.length > 0) yield writeGroup();
    parquet.finish();
    yield taken(bytes);
  },
});

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type }): SchemaElement => ({
      name,
      repetition_type: "OPTIONAL",
      ...ELEMENTS[type],
    })),
  ];
}

/** What was written since, which the writer then forgets; it keeps counting. */
function taken(writer: ByteWriter): Uint8Array<ArrayBuffer> {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}
