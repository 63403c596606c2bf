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
const PENQUINS_API = `${E2E}/penquins_api_test.ts`;
const PENQUINS_OWN = `${E2E}/penquins_own_tests_test.ts`;
const HOSTILE = `${E2E}/hostile_test.ts`;
const APP = "edge/app_test.ts";
const TOO_MANY = "edge/too_many_test.ts";
const VIEW = "core/archive/view_test.ts";
const ROUTES = `${E2E}/every_route_test.ts`;
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
    shown: [
      [LABELS, "threat 1: labels"],
      [OF_FILTERS, "threat 1: nobody's filters"],
      [ROUTES, "is closed without a token that holds"],
    ],
  },
  { what: "2. a collection dropped by any user", shown: [[OF_SKYMAPS, "2. any user could drop"]] },
  { what: "3. tokens without an end", shown: [[ACCOUNTS, "3. tokens that never end"]] },
  {
    what: "4. secrets that everybody knows",
    shown: [
      [ACCOUNTS, "4. passwords and keys"],
      ["core/base/settings_test.ts", "makes secrets for this machine once"],
      ["core/base/settings_test.ts", "refuses secrets that were published"],
    ],
  },
  {
    what: "5. services with the superuser's token",
    shown: [
      [OF_TOKENS, "5. programs that have to hold"],
      [ROUTES, "needs a token that is good for"],
    ],
  },
  {
    what: "6. rows of other people's programs",
    shown: [
      [OF_QUERIES, "threat 16.6"],
      [OF_FILTERS, "threat 6"],
      [LABELS, "threat 6"],
      [CUTOUTS, "shows nobody an alert of a foreign programid"],
      [SKYMAPS, "shows nobody what they may not see"],
      [`${E2E}/near_test.ts`, "shows nobody rows of a foreign programid"],
      [HOSTILE, "get the same whether there is something that isn't theirs"],
    ],
  },
  {
    what: "7. log-in by guessing",
    shown: [
      [ACCOUNTS, "7. log-in"],
      ["edge/routes/auth_test.ts", "makes guessing slow: a name waits"],
      ["core/archive/users_test.ts", "does the same work for a name that isn't there"],
      ["core/archive/passwords_test.ts", "of more than 72 bytes, or with a zero byte"],
    ],
  },
  { what: "8. headers that can't be read", shown: [[ACCOUNTS, "8. a header"]] },
  {
    what: "9. password hashes by a join",
    shown: [[OF_QUERIES, "threat 16.9"], [HOSTILE, "get data or a refusal"]],
  },
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
    shown: [
      [OF_SKYMAPS, "17. the server fetched"],
      ["core/skymaps/download_test.ts", "17. maps from elsewhere"],
    ],
  },
  {
    what: "18. strangers' files",
    shown: [
      [OF_SKYMAPS, "18. strangers' files"],
      ["core/skymaps/byte_reader_test.ts", "18. stops a file that unpacks"],
      ["core/skymaps/fits_map_test.ts", "18. that says more of itself"],
      ["core/skymaps/contours_test.ts", "18. of a vast cell"],
      ["core/skymaps/voevent_test.ts", "18. has no entities"],
    ],
  },
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
  {
    what: "20. more than anybody should take",
    shown: [
      [OF_QUERIES, "threat 16.20"],
      [APP, "holds a 429 for an address"],
      [APP, "holds a 429 for a user"],
      [TOO_MANY, "is 429, with a wait that the client of the field sits out"],
      [TOO_MANY, "is charged for what a query costs"],
      ["core/server/running_test.ts", "refuses what is too many of one"],
      [VIEW, "are 5 minutes at most"],
      [VIEW, "are so many documents and bytes in an answer"],
      [EDGE, "begins before the archive has been read to the end"],
    ],
  },
  {
    what: "21. work for clients that have gone",
    shown: [
      [EDGE, "is given up when the client goes"],
      [EDGE, "is ended on the server when"],
      ["edge/flights_test.ts", "that are identical are asked once"],
    ],
  },
  {
    what: "22. work that keeps everybody waiting",
    shown: [
      [OF_QUERIES, "threat 16.22"],
      [OF_SKYMAPS, "now others are served while a map is read"],
    ],
  },
  { what: "23. pictures drawn again and again", shown: [[CUTOUTS, "may be kept by who asked"]] },
  {
    what: "24. errors that tell of the inside",
    shown: [
      [APP, "holds a 500 that tells nothing"],
      [CUTOUTS, "says what is wrong with"],
      [LABELS, "is told by PUT and DELETE"],
    ],
  },
  { what: "25. settings shared by requests", shown: [[OF_FILTERS, "threat 25"]] },
  { what: "26. values of one alert for others", shown: [[LABELS, "threat 26"]] },
  { what: "27. a password that isn't changed", shown: [[ACCOUNTS, "27. a password change"]] },
  { what: "28. two names of a trigger", shown: [[OF_SKYMAPS, "28. triggers had two names"]] },
  {
    what: "29. documents that are there twice",
    shown: [[OF_SKYMAPS, "29. skymaps"], [OF_FILTERS, "threat 29"]],
  },
  {
    what: "30. no audit, no headers",
    shown: [
      [ACCOUNTS, "30. nothing is written down"],
      ["edge/docs_page_test.ts", "is a page for anyone, that lets nothing run"],
    ],
  },
];

/** What clients rely on. */
export const COMPATIBILITY: readonly Row[] = [
  {
    what: "1. exact ids in bodies and keys, numbers in keys as they were written",
    shown: [
      [QUERIES, "ids of 64 bits"],
      [TRIALS, "is what the last stage yields, ids whole"],
      [LABELS, "PUT, GET: candid"],
      [`${E2E}/cone_search_test.ts`, "takes positions as"],
    ],
  },
  {
    what: "2. Extended JSON in and out",
    shown: [
      [QUERIES, "are relaxed Extended JSON"],
      [QUERIES, "may be Extended JSON"],
      [FILTERS, "keeps a pipeline that is a text"],
      [TRIGGERS, "passes numbers on as they were written"],
    ],
  },
  {
    what: "3. the envelope",
    shown: [
      [QUERIES, "gives a document, or no data at all"],
      [USERS, "test_auth_error"],
      [ACCOUNTS, "is 400 in the envelope on every path"],
      [ROUTES, "is closed without a token that holds"],
    ],
  },
  {
    what: "4. both headers, old hashes, old tokens behind a switch",
    shown: [
      [APP, "is accepted bare and after Bearer"],
      [USERS, "that the original stored lets in"],
      ["edge/tokens_test.ts", "accepts the original's tokens, which have no end, where"],
      ["edge/tokens_test.ts", "refuses a token without an end while tokens have one"],
    ],
  },
  {
    what: "5. catalog_names",
    shown: [[QUERIES, "names the catalogs, downwards"], [PENQUINS, "gets by the edge"]],
  },
  {
    what: "6. RA - 180",
    shown: [
      [`${E2E}/cone_search_test.ts`, "filters, sorts and limits"],
      [`${E2E}/near_test.ts`, "the original's test"],
      [SKYMAPS, "has the document that consumers know"],
    ],
  },
  {
    what: "7. unknown kwargs",
    shown: [
      [QUERIES, "ignores kwargs that it doesn't know"],
      [QUERIES, "honours skip, sort and hint"],
      [`${E2E}/cone_search_test.ts`, "filters, sorts and limits"],
    ],
  },
  {
    what: "8. filters: text, versions, not found",
    shown: [
      [FILTERS, "keeps a pipeline that is a text"],
      [FILTERS, "stores nothing but the version"],
      [FILTERS, "patch_remove_nonexistent"],
    ],
  },
  {
    what: "9. bodies of GET, HEAD, DELETE; no redirects; statuses",
    shown: [
      ["edge/listen_test.ts", "has the bodies of GET and HEAD"],
      [SKYMAPS, "HEAD takes its keys from a body"],
      [SKYMAPS, "DELETE needs a name"],
      [TRIGGERS, "asks for the one that a GET's body names"],
      ["tests/contract/routes_test.ts", "begins at the root and ends without a slash"],
      [HOSTILE, "get data or a refusal"],
      [`${E2E}/schemathesis_test.ts`, "tells all that happens to"],
    ],
  },
  {
    what: "10. skymaps: 409, the level",
    shown: [[SKYMAPS, "puts a cone"], [SKYMAPS, "finds no level 20"]],
  },
  {
    what: "11. cutouts",
    shown: [[CUTOUTS, "gives a picture of 168 x 168"], [CUTOUTS, "gives a plain FITS file"]],
  },
  {
    what: "12. the admin's account",
    shown: [
      ["core/archive/users_test.ts", "makes the administrator once"],
      [USERS, "test_auth"],
      [ACCOUNTS, "no program starts with them"],
      ["core/base/settings_test.ts", "takes the password of clients' tests where"],
    ],
  },
];

/** What penquins does, unchanged: its calls, its ways with several servers, its own tests. */
export const CLIENT: readonly Row[] = [
  { what: "its calls", shown: [[PENQUINS_API, "calls all that there is to call"]] },
  { what: "one edge", shown: [[PENQUINS, "gets by the edge"]] },
  { what: "several instances", shown: [[CORES, "behaves as with two servers"]] },
  { what: "its own tests", shown: [[PENQUINS_OWN, "passes its own tests"]] },
];
