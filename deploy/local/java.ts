/** Finds a Java that is new enough for Kafka. */

const VERSION_MIN = 17;
/** Where Linux distributions put what PATH may not name. */
const JVM_FOLDER = "/usr/lib/jvm";

/** A command that starts Java 17 or newer, or null. `javaHome` is looked into first, then PATH. */
export async function findJava(javaHome?: string): Promise<string | null> {
  const candidates = [...javaHome ? [`${javaHome}/bin/java`] : [], "java", ...installed()];
  for (const command of candidates) {
    const version = await versionOf(command);
    if (version !== null && version >= VERSION_MIN) return command;
  }
  return null;
}

function installed(): string[] {
  try {
    return [...Deno.readDirSync(JVM_FOLDER)].map(({ name }) => `${JVM_FOLDER}/${name}/bin/java`);
  } catch {
    return [];
  }
}

/** 17 of `openjdk version "17.0.15" 2025-04-15`; 1 of Java 8 and older, which call themselves 1.8. */
async function versionOf(command: string): Promise<number | null> {
  try {
    const { stderr } = await new Deno.Command(command, { args: ["-version"] }).output();
    const found = /version "(\d+)/.exec(new TextDecoder().decode(stderr));
    return found ? Number(found[1]) : null;
  } catch {
    return null; // Not there, or not to be run by us.
  }
}
