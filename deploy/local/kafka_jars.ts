/** Finds the jars of an Apache Kafka server, or fetches them once through Maven. */

export interface KafkaJarsOptions {
  /** An unpacked Kafka, as its makers publish it: its `libs` are used. */
  readonly kafkaHome?: string;
  /** What is fetched is kept here. */
  readonly cacheDir: string;
  readonly onProgress?: (line: string) => void;
}

const KAFKA_VERSION = "3.9.1";
const HOW =
  "Install Maven (`mvn`), or unpack Apache Kafka and name its folder as the Kafka home, " +
  "or use a Kafka that runs already";

/** Maven finds the rest, 56 jars of 46 MB, from what these two need, and checks each one's hash. */
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kowalski</groupId><artifactId>local-kafka</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

/** The folder of the jars. Throws with what to install where there are none and none can be had. */
export async function findKafkaJars(options: KafkaJarsOptions): Promise<string> {
  if (options.kafkaHome !== undefined) {
    const libs = `${options.kafkaHome}/libs`;
    if (await isFolder(libs)) return libs;
    throw new Error(
      `Cannot use the Kafka home as it must hold a folder libs: current value is ${options.kafkaHome}`,
    );
  }
  const jars = `${options.cacheDir}/kafka-${KAFKA_VERSION}`;
  if (!await isFolder(jars)) await fetchJars(jars, options.onProgress ?? (() => {}));
  return jars;
}

/** Into a folder beside it, renamed when it is whole: what is cut short is never taken for whole. */
async function fetchJars(jars: string, onProgress: (line: string) => void): Promise<void> {
  const work = `${jars}.${crypto.randomUUID()}`;
  await Deno.mkdir(`${work}/jars`, { recursive: true });
  try {
    await Deno.writeTextFile(`${work}/pom.xml`, POM);
    onProgress(`Kafka ${KAFKA_VERSION}: fetching its jars through Maven, 46 MB`);
    await runMaven(work, onProgress);
    await Deno.rename(`${work}/jars`, jars).catch(async (error) => {
      if (!await isFolder(jars)) throw error; // Else another process was first.
    });
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function runMaven(work: string, onProgress: (line: string) => void): Promise<void> {
  const args = ["--batch-mode", "--strict-checksums", "--file", `${work}/pom.xml`];
  args.push("dependency:copy-dependencies", `-DoutputDirectory=${work}/jars`);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("mvn", { args, stdin: "null", stdout: "piped", stderr: "null" })
      .spawn();
  } catch (error) {
    throw new Error(`Cannot fetch Kafka as there is no Maven. ${HOW}`, { cause: error });
  }
  const errors: string[] = [];
  let fetched = 0;
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (/^\[ERROR\]/.test(line)) errors.push(line);
      if (/Downloaded .*\.jar/.test(line) && ++fetched % 10 === 0) {
        onProgress(`Kafka ${KAFKA_VERSION}: ${fetched} jars fetched`);
      }
    }
  }
  const { success } = await child.status;
  if (success) return;
  throw new Error(`Cannot fetch Kafka: Maven says ${errors[0] ?? "nothing"}. ${HOW}`);
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}
