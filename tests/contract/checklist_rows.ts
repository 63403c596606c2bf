/**
 * What has to hold of the API, line by line, and the test that shows it: its file, and how its name (or
 * that of the block around it) begins.
 */
export interface Row {
  readonly what: string;
  readonly shown: readonly (readonly [file: string, test: string])[];
}

const E2E = "tests/e2e";
const USERS = `${E2E}/users_test.ts`;
const QUERIES = `${E2E}/queries_test.ts`;
const FILTERS = `${E2E}/filters_test.ts`;
const TRIALS = `${E2E}/filter_trials_test.ts`;
const SKYMAPS = `${E2E}/skymap_test.ts`;
const LABELS = `${E2E}/classifications_test.ts`;
const TRIGGERS = `${E2E}/triggers_test.ts`;
const EDGE = `${E2E}/edge_test.ts`;
const CUTOUTS = `${E2E}/cutouts_test.ts`;
const PENQUINS = `${E2E}/penquins_test.ts`;
const CORES = `${E2E}/penquins_cores_test.ts`;
const APP = "edge/app_test.ts";
const ACCOUNTS = `${E2E}/account_threats_test.ts`;
const OF_FILTERS = `${E2E}/filter_threats_test.ts`;
const OF_QUERIES = `${E2E}/query_threats_test.ts`;
const OF_SKYMAPS = `${E2E}/skymap_threats_test.ts`;
const OF_TOKENS = `${E2E}/token_threats_test.ts`;

/** What the original's own tests expect. */
export const ORIGINAL: readonly Row[] = [
  { what: "test_ping", shown: [[USERS, "test_ping"]] },
  { what: "test_auth", shown: [[USERS, "test_auth"]] },
  { what: "test_auth_error", shown: [[USERS, "test_auth_error"]] },
  { what: "test_users", shown: [[USERS, "test_users"]] },
  {
    what: "cone_search",
    shown: [[`${E2E}/cone_search_test.ts`, "has every catalog and every name"]],
  },
  { what: "find_one", shown: [[QUERIES, "gives a document, or no data at all"]] },
  { what: "find", shown: [[QUERIES, "gives all that matches, as a list, also of nothing"]] },
  {
    what: "aggregate",
    shown: [[QUERIES, "gives what a pipeline makes, in a time that is limited"]],
  },
  { what: "info", shown: [[QUERIES, "names the catalogs, downwards"]] },
  { what: "count_documents", shown: [[QUERIES, "count"]] },
  { what: "estimated_document_count", shown: [[QUERIES, "count"]] },
  { what: "near", shown: [[`${E2E}/near_test.ts`, "the original's test"]] },
  { what: "unauthorized", shown: [[APP, "that is invalid is 400 on"]] },
  { what: "test_filters: POST gives a version", shown: [[FILTERS, "POST gives fid1"]] },
  { what: "test_filters: GET", shown: [[FILTERS, "GET shows it active"]] },
  { what: "test_filters: POST again", shown: [[FILTERS, "POST again, the same body"]] },
  { what: "test_filters: PATCH active_fid", shown: [[FILTERS, "PATCH active_fid"]] },
  { what: "test_filters: PATCH autosave", shown: [[FILTERS, "PATCH autosave: true"]] },
  {
    what: "test_filters: PATCH auto_followup",
    shown: [[FILTERS, "PATCH auto_followup comes back"]],
  },
  {
    what: "test_filters: a clash of allocations",
    shown: [[FILTERS, "POST with the same allocation"]],
  },
  { what: "test_filters: flags", shown: [[FILTERS, "PATCH update_annotations and active"]] },
  { what: "test_filters: DELETE", shown: [[FILTERS, "DELETE"]] },
  {
    what: "test_filters: POST with settings",
    shown: [[FILTERS, "POST a new filter that has autosave"]],
  },
  { what: "invalid_pipeline_stage", shown: [[FILTERS, "invalid_pipeline_stage"]] },
  { what: "forbidden_pipeline_stage", shown: [[FILTERS, "forbidden_pipeline_stage"]] },
  { what: "set_nonexistent_active_fid", shown: [[FILTERS, "set_nonexistent_active_fid"]] },
  { what: "patch_remove_nonexistent", shown: [[FILTERS, "patch_remove_nonexistent"]] },
  { what: "filter_test_handler: counts", shown: [[TRIALS, "gives its counts"]] },
  {
    what: "filter_test_handler: spans and times",
    shown: [[TRIALS, "what a filter test is asked"]],
  },
  { what: "test_skymap: PUT, levels, 409", shown: [[SKYMAPS, "puts a cone, adds a level"]] },
  { what: "test_skymap: GET", shown: [[SKYMAPS, "gets it back"]] },
  { what: "test_skymap: the query", shown: [[SKYMAPS, "finds 20 documents in it"]] },
  { what: "test_skymap: DELETE", shown: [[SKYMAPS, "removes it"]] },
  { what: "test_alert_classification: PUT, GET", shown: [[LABELS, "PUT, GET: candid"]] },
  { what: "test_alert_classification: PUT again", shown: [[LABELS, "PUT again overwrites"]] },
  { what: "test_alert_classification: DELETE", shown: [[LABELS, "DELETE leaves the other"]] },
  {
    what: "test_triggers_ztf, test_mma_triggers_ztf",
    shown: [[TRIGGERS, "has a twin that checks"]],
  },
];

/** Holes of the original, each with the test that it is closed. */
export const THREATS: readonly Row[] = [
  {
    what: "1. labels and filters without a token",
    shown: [[LABELS, "threat 1: labels"], [OF_FILTERS, "threat 1: nobody's filters"]],
  },
  { what: "2. a collection dropped by any user", shown: [[OF_SKYMAPS, "2. any user could drop"]] },
  { what: "3. tokens without an end", shown: [[ACCOUNTS, "3. tokens that never end"]] },
  { what: "4. secrets that everybody knows", shown: [[ACCOUNTS, "4. passwords and keys"]] },
  {
    what: "5. services with the superuser's token",
    shown: [[OF_TOKENS, "5. programs that have to hold"]],
  },
  {
    what: "6. rows of other people's programs",
    shown: [
      [OF_QUERIES, "threat 16.6"],
      [OF_FILTERS, "threat 6"],
      [LABELS, "threat 6"],
      [CUTOUTS, "shows nobody an alert of a foreign programid"],
    ],
  },
  { what: "7. log-in by guessing", shown: [[ACCOUNTS, "7. log-in"]] },
  { what: "8. headers that can't be read", shown: [[ACCOUNTS, "8. a header"]] },
  { what: "9. password hashes by a join", shown: [[OF_QUERIES, "threat 16.9"]] },
  { what: "10. scripts", shown: [[OF_QUERIES, "threat 16.10"], [OF_FILTERS, "threat 10"]] },
  {
    what: "11. queries by an administrator",
    shown: [["core/archive/read_only_test.ts", "threat 16.11"]],
  },
  {
    what: "12. names that nobody protects",
    shown: [["core/archive/protected_test.ts", "threat 16.12"]],
  },
  { what: "13. filters that write", shown: [[OF_FILTERS, "threat 13"]] },
  { what: "14. fields that aren't the author's", shown: [[OF_FILTERS, "threat 14"]] },
  { what: "15. text read as a program's values", shown: [[OF_QUERIES, "threat 16.15"]] },
  {
    what: "16. names that become paths",
    shown: [[LABELS, "threat 16"], [OF_SKYMAPS, "16. levels"]],
  },
  {
    what: "17. addresses that the server fetches",
    shown: [[OF_SKYMAPS, "17. the server fetched"]],
  },
  { what: "18. strangers' files", shown: [[OF_SKYMAPS, "18. strangers' files"]] },
  {
    what: "19. tunnels to the telescope",
    shown: [
      [
        "core/telescope/telescope_test.ts",
        "opens one for all requests, with the key and the pinned",
      ],
      ["core/telescope/ssh_test.ts", "refuses a server whose host key"],
      [TRIGGERS, "passes a trigger on, with the token's user"],
    ],
  },
  { what: "20. more than anybody should take", shown: [[OF_QUERIES, "threat 16.20"]] },
  {
    what: "21. work for clients that have gone",
    shown: [[EDGE, "is given up when the client goes"], [EDGE, "is ended on the server when"]],
  },
  {
    what: "22. work that keeps everybody waiting",
    shown: [[OF_QUERIES, "threat 16.22"], [
      OF_SKYMAPS,
      "now others are served while a map is read",
    ]],
  },
  { what: "23. pictures drawn again and again", shown: [[CUTOUTS, "may be kept by who asked"]] },
  {
    what: "24. errors that tell of the inside",
    shown: [[APP, "holds a 500 that tells nothing"], [CUTOUTS, "says what is wrong with"]],
  },
  { what: "25. settings shared by requests", shown: [[OF_FILTERS, "threat 25"]] },
  { what: "26. values of one alert for others", shown: [[LABELS, "threat 26"]] },
  { what: "27. a password that isn't changed", shown: [[ACCOUNTS, "27. a password change"]] },
  { what: "28. two names of a trigger", shown: [[OF_SKYMAPS, "28. triggers had two names"]] },
  {
    what: "29. documents that are there twice",
    shown: [[OF_SKYMAPS, "29. skymaps"], [OF_FILTERS, "threat 29"]],
  },
  { what: "30. no audit, no headers", shown: [[ACCOUNTS, "30. nothing is written down"]] },
];

/** What clients rely on. */
export const COMPATIBILITY: readonly Row[] = [
  {
    what: "exact ids in and out",
    shown: [[QUERIES, "ids of 64 bits"], [TRIALS, "is what the last stage yields, ids whole"]],
  },
  {
    what: "Extended JSON in and out",
    shown: [[QUERIES, "are relaxed Extended JSON"], [QUERIES, "may be Extended JSON"]],
  },
  {
    what: "the envelope",
    shown: [[QUERIES, "gives a document, or no data at all"], [APP, "that is invalid is 400"]],
  },
  {
    what: "both headers, old hashes",
    shown: [[APP, "is accepted bare and after Bearer"], [
      USERS,
      "that the original stored lets in",
    ]],
  },
  {
    what: "catalog_names",
    shown: [[QUERIES, "names the catalogs, downwards"], [PENQUINS, "gets by the edge"]],
  },
  {
    what: "RA - 180",
    shown: [[`${E2E}/cone_search_test.ts`, "filters, sorts and limits"], [
      SKYMAPS,
      "has the document that consumers know",
    ]],
  },
  { what: "unknown kwargs", shown: [[QUERIES, "ignores kwargs that it doesn't know"]] },
  {
    what: "filters: text, versions, not found",
    shown: [
      [FILTERS, "keeps a pipeline that is a text"],
      [FILTERS, "stores nothing but the version"],
      [FILTERS, "patch_remove_nonexistent"],
    ],
  },
  {
    what: "bodies of GET, HEAD, DELETE; statuses",
    shown: [
      ["edge/listen_test.ts", "has the bodies of GET and HEAD"],
      [SKYMAPS, "HEAD takes its keys from a body"],
      [`${E2E}/hostile_test.ts`, "get data or a refusal"],
    ],
  },
  {
    what: "skymaps: 409, the level",
    shown: [[SKYMAPS, "puts a cone"], [SKYMAPS, "finds no level 20"]],
  },
  {
    what: "cutouts",
    shown: [[CUTOUTS, "gives a picture of 168 x 168"], [CUTOUTS, "gives a plain FITS file"]],
  },
  {
    what: "the admin's account",
    shown: [[ACCOUNTS, "no program starts with them"], [USERS, "test_auth"]],
  },
  { what: "penquins, over several instances", shown: [[CORES, "behaves as with two servers"]] },
];
