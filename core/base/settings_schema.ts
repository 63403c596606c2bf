/** What settings may be: one schema for both programs. Defaults are in `deploy/settings.defaults.yaml`. */
import { z } from "zod";
import { ModelSettings } from "../../models/manifest.ts";
import { CatalogMatch } from "../contract/crossmatch.ts";

/** RFC 7518, 3.2: a key for HS256 is at least as long as the hash that it makes. */
const SECRET_LENGTH_MIN = 32;
/** What earlier versions published as defaults protects nothing. */
const PUBLISHED = ["admin", "abc0123", "ztf", "mongoadminsecret", "<token>"];

const Port = z.int().min(1).max(65_535);
const Count = z.int().min(1);
const Ms = z.int().min(1);
const Name = z.string().min(1);

/** Text that is never printed. */
function secret(lengthMin = 1) {
  return secretText(lengthMin).nullable().meta({ secret: true });
}

function secretText(lengthMin: number) {
  return z.string().min(lengthMin)
    .refine((text) => !PUBLISHED.includes(text), "must not be a default that was published");
}

/** Some of a Kafka cluster's brokers, as text or a list; a list inside. */
const Brokers = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((value) =>
    (typeof value === "string" ? value.split(",") : value).map((broker) => broker.trim())
  );

const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
/** As clients of Kafka declare it: one type a mechanism. */
type Sasl = {
  [Mechanism in (typeof MECHANISMS)[number]]: {
    readonly mechanism: Mechanism;
    readonly username: string;
    readonly password: string;
  };
}[(typeof MECHANISMS)[number]];

const Sasl = z.strictObject({
  mechanism: z.enum(MECHANISMS),
  username: Name,
  password: z.string().min(1).meta({ secret: true }),
}).transform((sasl) => sasl as Sasl);

/** Mappings of the file, with a name in front of each, become lists of entries; null removes one. */
function byName<T extends z.ZodType>(entry: T) {
  return z.record(Name, entry.nullable());
}

/** The catalogs of one survey, in the order of the file. */
const Catalogs = byName(z.record(z.string(), z.unknown())).transform((entries, context) =>
  Object.entries(entries).flatMap(([catalog, entry]) => {
    if (entry === null) return [];
    const match = CatalogMatch.safeParse({ catalog, ...entry });
    if (match.success) return [match.data];
    for (const issue of match.error.issues) {
      context.addIssue({ ...issue, path: [catalog, ...issue.path] });
    }
    return [];
  })
);

/** The networks of one survey, by name. */
const Models = byName(ModelSettings).transform((entries): Record<string, ModelSettings> =>
  Object.fromEntries(
    Object.entries(entries).flatMap(([name, entry]) => entry === null ? [] : [[name, entry]]),
  )
);

/** What a tunnel to the telescope can't be opened without, besides the server itself. */
const TUNNEL = [
  "mountain_username",
  "mountain_key_file",
  "mountain_host_key",
  "mountain_bind_ip",
  "mountain_bind_port",
] as const;

/** No blanks: `ssh` would take a second word for something else. */
const Host = z.string().regex(/^[\w.:-]+$/, "must be a host's name or address");

const Mountain = z.strictObject({
  mountain_url: z.url({ protocol: /^https?$/ }).nullable(),
  mountain_ip: Host.nullable(),
  mountain_port: Port.nullable(),
  mountain_username: Name.nullable(),
  mountain_password: z.null("must be null: logging in takes a key, mountain_key_file")
    .meta({ secret: true }),
  mountain_key_file: Name.nullable(),
  mountain_host_key: z.string().regex(
    /^(ssh|ecdsa|sk)[\w@.-]+ [A-Za-z0-9+/=]+$/,
    "must be a public key as ssh-keyscan prints it, without the host",
  ).nullable(),
  mountain_bind_ip: Host.nullable(),
  mountain_bind_port: Port.nullable(),
}).superRefine((ztf, context) => {
  if (ztf.mountain_ip === null) return;
  for (const key of TUNNEL.filter((key) => ztf[key] === null)) {
    context.addIssue({ code: "custom", path: [key], message: "must be set where mountain_ip is" });
  }
});

const Bucket = z.strictObject({ per_minute: Count, burst: Count });

export const Settings = z.strictObject({
  server: z.strictObject({
    name: Name,
    version: Name,
    description: z.string(),
    contact: z.strictObject({ name: Name.nullable(), email: z.email().nullable() }),
    host: Name,
    port: Port,
    admin_username: Name,
    admin_password: z.string().min(1).nullable().meta({ secret: true }),
    test_profile: z.boolean(),
    JWT_SECRET_KEY: secret(SECRET_LENGTH_MIN),
    JWT_OLD_SECRET_KEYS: z.array(secretText(SECRET_LENGTH_MIN)).nullable().meta({ secret: true }),
    JWT_ALGORITHM: z.enum(["HS256", "HS384", "HS512"]),
    JWT_EXP_DELTA_SECONDS: z.int().min(60).nullable(),
    client_max_size: z.int().min(1024),
    proxies: z.int().min(0),
  }).refine(
    ({ admin_password, test_profile }) => test_profile || !PUBLISHED.includes(admin_password ?? ""),
    {
      path: ["admin_password"],
      message: "must not be a default that was published, unless server.test_profile is true",
      // Told together with all that is wrong beside it.
      when: ({ value }) => value instanceof Object,
    },
  ),
  core: z.strictObject({
    host: Name,
    port: Port,
    roles: z.array(z.enum(["broker", "query"])).min(1),
    urls: z.array(z.url()).min(1),
    edge_key: secret(SECRET_LENGTH_MIN),
    data_dir: Name,
    models_dir: Name.nullable(),
    cache_dir: Name.nullable(),
  }),
  database: z.strictObject({
    uri: z.string().regex(/^mongodb(\+srv)?:\/\//, "must begin with mongodb:// or mongodb+srv://")
      .nullable(),
    host: Name.nullable(),
    port: Port,
    replica_set: Name.nullable(),
    srv: z.boolean(),
    username: Name.nullable(),
    password: secret(),
    read_only_username: Name.nullable(),
    read_only_password: secret(),
    db: z.string().regex(/^[^/\\. "$*<>:|?]{1,63}$/, "must be a name that MongoDB takes"),
    max_pool_size: Count,
    build_indexes: z.boolean(),
    mongod: Name.nullable(),
    max_wired_tiger_cache: z.number().min(0.25).nullable(),
    xmatch: z.record(Name, Catalogs),
  }).refine((all) => (all.read_only_username === null) === (all.read_only_password === null), {
    path: ["read_only_password"],
    message: "must be set where read_only_username is, and only there",
  }),
  enabled: z.record(Name, z.boolean()),
  sources: z.strictObject({
    kind: z.enum(["kafka", "folder", "simulator"]).nullable(),
    path: Name.nullable(),
    simulator: z.strictObject({
      seed: z.int().min(0),
      alerts: Count.nullable(),
      rate: z.number().positive().nullable(),
    }),
  }).refine(({ kind, path }) => kind !== "folder" || path !== null, {
    path: ["path"],
    message: "must be set when sources.kind is folder",
  }),
  kafka: z.strictObject({
    "bootstrap.servers": Brokers,
    group: Name,
    ssl: z.boolean(),
    ssl_ca: z.string().min(1).nullable(),
    sasl: Sasl.nullable(),
    past_nights: z.int().min(0),
    linger_ms: z.int().min(0),
    read_ahead_max: Count,
    read_ahead_bytes_max: Count,
  }),
  workers: z.strictObject({
    count: Count.nullable(),
    batch_max: Count,
    batch_bytes_max: Count,
    queue_max: Count,
    job_ms_max: Ms,
    restarts_max: z.int().min(0),
  }),
  ml: z.record(Name, z.strictObject({ models: Models })),
  sinks: z.strictObject({
    kafka: z.strictObject({ topic: Name.nullable(), "bootstrap.servers": Brokers.nullable() }),
    json_lines: z.strictObject({ path: Name.nullable() }),
  }),
  skyportal: z.strictObject({
    protocol: z.enum(["http", "https"]),
    host: Name.nullable(),
    port: Port,
    token: secret(),
  }),
  ztf: Mountain,
  filters: z.strictObject({
    share_max: z.number().gt(0).max(1).nullable(),
    share_alerts: Count,
    share_night: z.iso.date().nullable(),
    replay: z.strictObject({
      alerts_max: Count,
      turn_ms_max: Ms,
      batch_max: Count,
      of_user_max: Count,
      threads: Count.nullable(),
    }),
  }),
  skymaps: z.strictObject({
    url_hosts: z.array(z.string().regex(/^[a-z0-9.-]+$/, "must be a host's name in small letters")),
  }),
  misc: z.strictObject({
    broker: z.boolean(),
    max_time_ms: Ms,
    supported_penquins_versions: z.array(z.string()),
  }),
  queries: z.strictObject({
    running_max: Count,
    running_per_user_max: Count,
    documents_max: Count,
    bytes_max: Count,
  }),
  rate_limit: z.strictObject({
    address: Bucket,
    user: Bucket,
    log_in: Bucket,
    work: z.strictObject({ per_hour: Count, burst: Count }),
  }),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warning", "error"]),
    format: z.enum(["auto", "json", "text"]),
  }),
  shutdown: z.strictObject({ drain_ms: Ms }),
});
export type Settings = z.output<typeof Settings>;
