/** ZTF's packet, version 4.01: its fields in the order of the wire, and the schema text that every packet carries. */
import type { AvroField, AvroType } from "./avro_writer.ts";

/** Name, type and meaning of each field, whichever of the three records it stands in. */
const MEANINGS = `
jd double Julian date at the start of the exposure, UTC [days]
fid int Code of the filter (1 = g, 2 = R, 3 = i)
pid long Id under which the archive keeps the processed science image
diffmaglim float Magnitude of a 5-sigma detection, from the noise of the whole difference image [mag]
pdiffimfilename string Name of the file with the positive (science minus reference) difference image
programpi string Principal investigator of the observing programme
programid int Who may see the alert (0 = engineering, 1 = public, 2 = partnership, 3 = Caltech)
candid long Id of this detection
isdiffpos string t or 1 where the source is brighter than in the reference, f or 0 where it is fainter
tblid long Row of the detection in the extraction table of its image
nid int Number of the night
rcid int Readout channel (00 to 63)
field int Number of the survey field
xpos float Position of the detection along x [pixels]
ypos float Position of the detection along y [pixels]
ra double Right ascension, J2000 [deg]
dec double Declination, J2000 [deg]
magpsf float Magnitude from a PSF fit to the difference image [mag]
sigmapsf float 1-sigma error of magpsf [mag]
chipsf float Reduced chi-square of the PSF fit
magap float Magnitude in an aperture of 14 pixels [mag]
sigmagap float 1-sigma error of magap [mag]
distnr float Distance to the nearest source of the reference image's PSF catalog
magnr float Magnitude of that reference source [mag]
sigmagnr float 1-sigma error of magnr [mag]
chinr float DAOPhot chi of that reference source
sharpnr float DAOPhot sharpness of that reference source
sky float Level of the sky around the detection [DN]
magdiff float Aperture magnitude minus PSF magnitude, magap - magpsf [mag]
fwhm float Width of the source at half its height, for a Gaussian core [pixels]
classtar float SExtractor's score between galaxy (0) and star (1)
mindtoedge float Distance to the nearest edge of the image [pixels]
magfromlim float Depth that is left below the detection, diffmaglim - magap [mag]
seeratio float FWHM of the difference image over fwhm
aimage float Windowed RMS of the profile along its major axis [pixels]
bimage float Windowed RMS of the profile along its minor axis [pixels]
aimagerat float aimage over fwhm
bimagerat float bimage over fwhm
elong float aimage over bimage
nneg int Negative pixels in the central 5 x 5
nbad int Flagged pixels in the central 5 x 5
rb float Real (1) or bogus (0) by a random forest
ssdistnr float Distance to the nearest known solar-system body, -999 where there is none [arcsec]
ssmagnr float Magnitude of that body, mostly V [mag]
ssnamenr string Name of that body
sumrat float Sum of the pixels over the sum of their absolute values, in the median-filtered central 5 x 5
magapbig float Magnitude in an aperture of 18 pixels [mag]
sigmagapbig float 1-sigma error of magapbig [mag]
ranr double Right ascension of the nearest reference source, J2000 [deg]
decnr double Declination of the nearest reference source, J2000 [deg]
sgmag1 float g magnitude of the nearest PS1 source within 30 arcsec [mag]
srmag1 float r magnitude of the nearest PS1 source within 30 arcsec [mag]
simag1 float i magnitude of the nearest PS1 source within 30 arcsec [mag]
szmag1 float z magnitude of the nearest PS1 source within 30 arcsec [mag]
sgscore1 float Galaxy (0) or star (1) score of the nearest PS1 source within 30 arcsec
distpsnr1 float Distance to the nearest PS1 source within 30 arcsec [arcsec]
ndethist int Detections at this position so far, this one included
ncovhist int Exposures that covered this position so far, in any field and channel
jdstarthist double Julian date of the first detection of ndethist [days]
jdendhist double Julian date of the last detection of ndethist [days]
scorr double Peak signal to noise in the matched-filtered detection image
tooflag int 1 where the exposure was a target of opportunity
objectidps1 long Id of the nearest PS1 source within 30 arcsec
objectidps2 long Id of the second nearest PS1 source within 30 arcsec
sgmag2 float g magnitude of the second nearest PS1 source within 30 arcsec [mag]
srmag2 float r magnitude of the second nearest PS1 source within 30 arcsec [mag]
simag2 float i magnitude of the second nearest PS1 source within 30 arcsec [mag]
szmag2 float z magnitude of the second nearest PS1 source within 30 arcsec [mag]
sgscore2 float Galaxy (0) or star (1) score of the second nearest PS1 source within 30 arcsec
distpsnr2 float Distance to the second nearest PS1 source within 30 arcsec [arcsec]
objectidps3 long Id of the third nearest PS1 source within 30 arcsec
sgmag3 float g magnitude of the third nearest PS1 source within 30 arcsec [mag]
srmag3 float r magnitude of the third nearest PS1 source within 30 arcsec [mag]
simag3 float i magnitude of the third nearest PS1 source within 30 arcsec [mag]
szmag3 float z magnitude of the third nearest PS1 source within 30 arcsec [mag]
sgscore3 float Galaxy (0) or star (1) score of the third nearest PS1 source within 30 arcsec
distpsnr3 float Distance to the third nearest PS1 source within 30 arcsec [arcsec]
nmtchps int PS1 sources within 30 arcsec
rfid long Id under which the archive keeps the processed reference image
jdstartref double Julian date of the first exposure of the reference image [days]
jdendref double Julian date of the last exposure of the reference image [days]
nframesref int Exposures in the reference image
rbversion string Version of the random forest behind rb
dsnrms float D / rms(D) at the position, where D is the difference image
ssnrms float S / rms(S) at the position, where S is D convolved with its PSF
dsdiff float dsnrms - ssnrms
magzpsci float Photometric zero point of the science image [mag]
magzpsciunc float 1-sigma error of magzpsci [mag]
magzpscirms float RMS of what the calibration leaves over [mag]
nmatches int PS1 sources that the calibration used
clrcoeff float Colour term of the calibration
clrcounc float 1-sigma error of clrcoeff
zpclrcov float Covariance of magzpsci and clrcoeff
zpmed float Median of the calibrators' offsets [mag]
clrmed float Median colour of the calibrators [mag]
clrrms float RMS of the calibrators' colours [mag]
neargaia float Distance to the nearest source of Gaia DR1 within 90 arcsec [arcsec]
neargaiabright float Distance to the nearest source of Gaia DR1 brighter than G = 14 within 90 arcsec [arcsec]
maggaia float G magnitude of the nearest source of Gaia DR1 [mag]
maggaiabright float G magnitude of the nearest source of Gaia DR1 brighter than G = 14 [mag]
exptime float Exposure time of the science image [s]
drb float Real (1) or bogus (0) by a deep network
drbversion string Version of the deep network behind drb
sciinpseeing float Effective FWHM of the science image [pixels]
scibckgnd float Background of the science image [DN]
scisigpix float Robust noise of a pixel of the science image [DN]
adpctdif1 float Astrometric RMS in right ascension of the science image against Gaia DR1 [arcsec]
adpctdif2 float Astrometric RMS in declination of the science image against Gaia DR1 [arcsec]
forcediffimflux float Flux of a PSF forced upon the difference image at the position [DN]
forcediffimfluxunc float 1-sigma error of forcediffimflux [DN]
procstatus string Codes of what went wrong with the forced photometry (0 = nothing)
`;

/** `?`: nullable, null by default. `!`: nullable without a default. */
const CANDIDATE = `
jd fid pid diffmaglim? pdiffimfilename? programpi? programid candid isdiffpos tblid? nid? rcid?
field? xpos? ypos? ra dec magpsf sigmapsf chipsf? magap? sigmagap? distnr? magnr? sigmagnr? chinr?
sharpnr? sky? magdiff? fwhm? classtar? mindtoedge? magfromlim? seeratio? aimage? bimage? aimagerat?
bimagerat? elong? nneg? nbad? rb? ssdistnr? ssmagnr? ssnamenr? sumrat? magapbig? sigmagapbig? ranr
decnr sgmag1? srmag1? simag1? szmag1? sgscore1? distpsnr1? ndethist ncovhist jdstarthist? jdendhist?
scorr? tooflag? objectidps1? objectidps2? sgmag2? srmag2? simag2? szmag2? sgscore2? distpsnr2?
objectidps3? sgmag3? srmag3? simag3? szmag3? sgscore3? distpsnr3? nmtchps rfid jdstartref jdendref
nframesref rbversion dsnrms? ssnrms? dsdiff? magzpsci? magzpsciunc? magzpscirms? nmatches clrcoeff?
clrcounc? zpclrcov? zpmed? clrmed? clrrms? neargaia? neargaiabright? maggaia? maggaiabright?
exptime? drb? drbversion`;

const PRV_CANDIDATE = `
jd fid pid diffmaglim? pdiffimfilename? programpi? programid candid! isdiffpos! tblid? nid? rcid?
field? xpos? ypos? ra! dec! magpsf! sigmapsf! chipsf? magap? sigmagap? distnr? magnr? sigmagnr?
chinr? sharpnr? sky? magdiff? fwhm? classtar? mindtoedge? magfromlim? seeratio? aimage? bimage?
aimagerat? bimagerat? elong? nneg? nbad? rb? ssdistnr? ssmagnr? ssnamenr? sumrat? magapbig?
sigmagapbig? ranr! decnr! scorr? magzpsci? magzpsciunc? magzpscirms? clrcoeff? clrcounc? rbversion`;

const FP_HIST = `
field? rcid? fid pid rfid sciinpseeing? scibckgnd? scisigpix? magzpsci? magzpsciunc? magzpscirms?
clrcoeff? clrcounc? exptime? adpctdif1? adpctdif2? diffmaglim? programid jd forcediffimflux?
forcediffimfluxunc? procstatus? distnr? ranr decnr magnr? sigmagnr? chinr? sharpnr?`;

interface SchemaField extends AvroField {
  readonly meaning: string;
  readonly hasDefault: boolean;
}

const meanings = new Map(
  MEANINGS.trim().split("\n").map((line) => {
    const [name, type, ...words] = line.split(" ");
    return [name!, { type: type as AvroType, meaning: words.join(" ") }];
  }),
);

function fieldsOf(names: string): SchemaField[] {
  return names.trim().split(/\s+/).map((word) => {
    const name = word.replace(/[?!]$/, "");
    const known = meanings.get(name);
    if (known === undefined) throw new TypeError(`Cannot find the meaning of the field ${name}`);
    return { name, ...known, nullable: word !== name, hasDefault: word.endsWith("?") };
  });
}

export const candidateFields: readonly AvroField[] = fieldsOf(CANDIDATE);
export const prvCandidateFields: readonly AvroField[] = fieldsOf(PRV_CANDIDATE);
export const fpHistFields: readonly AvroField[] = fieldsOf(FP_HIST);

export const SCHEMA_VERSION = "4.01";

/** As ZTF's own, not strictly valid: the default of `tooflag` is 0, of a union that begins with null. */
export function schemaText(): string {
  return JSON.stringify({
    doc: "A ZTF alert, as Kowalski's simulator writes it",
    fields: [
      { doc: "Version of this schema", name: "schemavsn", type: "string" },
      { doc: "Who made the packet", name: "publisher", type: "string" },
      { doc: "Name of the object", name: "objectId", type: "string" },
      { name: "candid", type: "long" },
      { name: "candidate", type: recordSchema("ztf.alert.candidate", CANDIDATE) },
      historySchema("prv_candidates", "ztf.alert.prv_candidate", PRV_CANDIDATE),
      historySchema("fp_hists", "ztf.alert.fp_hist", FP_HIST),
      { default: null, name: "cutoutScience", type: ["null", CUTOUT] },
      { default: null, name: "cutoutTemplate", type: ["null", CUTOUT.name] },
      { default: null, name: "cutoutDifference", type: ["null", CUTOUT.name] },
    ],
    name: "ztf.alert",
    type: "record",
    version: SCHEMA_VERSION,
  });
}

const CUTOUT = {
  doc: "An image around the position of the alert",
  fields: [
    { name: "fileName", type: "string" },
    { doc: "fits.gz", name: "stampData", type: "bytes" },
  ],
  name: "ztf.alert.cutout",
  type: "record",
  version: SCHEMA_VERSION,
};

function historySchema(name: string, recordName: string, names: string) {
  const items = recordSchema(recordName, names);
  return { default: null, name, type: ["null", { items, type: "array" }] };
}

function recordSchema(name: string, names: string) {
  const fields = fieldsOf(names).map(({ name, type, meaning, nullable, hasDefault }) => ({
    ...(hasDefault ? { default: name === "tooflag" ? 0 : null } : {}),
    doc: meaning,
    name,
    type: nullable ? ["null", type] : type,
  }));
  return { doc: "A record of a ZTF alert", fields, name, type: "record", version: SCHEMA_VERSION };
}
