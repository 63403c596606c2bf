/** A certificate that nobody has signed but itself, for servers of tests. */
import { assert } from "@std/assert";

export interface Certificate {
  /** Both in PEM. */
  readonly cert: string;
  readonly key: string;
}

/** `altName`: whom it is good for, such as `DNS:a.example,IP:127.0.0.1`; the first DNS name is its subject's. */
export async function makeCertificate(altName: string): Promise<Certificate> {
  const folder = await Deno.makeTempDir({ prefix: "kowalski-test-certificate-" });
  try {
    const { success } = await new Deno.Command("openssl", {
      args: [
        ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2".split(" "),
        ...["-keyout", `${folder}/key.pem`, "-out", `${folder}/cert.pem`],
        ...["-subj", `/CN=${/DNS:([^,]+)/.exec(altName)?.[1] ?? "test"}`],
        ...["-addext", `subjectAltName=${altName}`],
      ],
      stderr: "null",
    }).output();
    assert(success, "openssl makes a certificate");
    const [cert, key] = await Promise.all(
      ["cert", "key"].map((name) => Deno.readTextFile(`${folder}/${name}.pem`)),
    );
    return { cert: cert!, key: key! };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
