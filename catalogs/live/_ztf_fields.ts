/** What filters see of ZTF's alerts, field by field. Units are those of the packets. */
import { type FilterField, filterFields } from "../../core/contract/filter_fields.ts";

const ALERT = filterFields(
  "",
  `
  _id objectId id of the stored document
  schemavsn string version of the packet's schema
  publisher string who made the packet
  objectId string id of the object, as ZTF18abcdefg
  candid long id of this detection
  candidate object this detection
  coordinates object its place in other systems
  coordinates.radec_geojson object a GeoJSON point
  coordinates.radec_geojson.type string Point
  coordinates.radec_geojson.coordinates array [deg] [ra - 180, dec]
  coordinates.radec_str array right ascension and declination as text
  coordinates.l double [deg] galactic longitude, -180 to 180
  coordinates.b double [deg] galactic latitude
  coordinates.geocentricmeanecliptic object ecliptic place
  coordinates.geocentricmeanecliptic.lambda double [deg] ecliptic longitude
  coordinates.geocentricmeanecliptic.beta double [deg] ecliptic latitude
  prv_candidates array? past detections and upper limits, 365 days back; null without a past
  fp_hists array? forced photometry that went well, 365 days back; null for old objects
  `,
);

const CANDIDATE = filterFields(
  "candidate.",
  `
  jd double [days] when the exposure began, Julian date (UTC)
  fid int filter: 1 g, 2 r, 3 i
  pid long processing id of the science image
  diffmaglim double? [mag] depth of the difference image, 5 sigma
  pdiffimfilename string? file of the positive difference image
  programpi string? who leads the observing programme
  programid int whose data it is: 1 public, 2 partnership, 3 Caltech
  candid long id of this detection
  isdiffpos string t or 1 where brighter than the reference, f or 0 where fainter
  tblid long? row in the table of extracted sources
  nid int? number of the night
  rcid int? readout channel, 0 to 63
  field int? number of the field on the sky
  xpos double? [pixels] place on the image, along x
  ypos double? [pixels] place on the image, along y
  ra double [deg] right ascension, J2000
  dec double [deg] declination, J2000
  magpsf double [mag] magnitude on the difference image, PSF fit
  sigmapsf double [mag] error of magpsf, 1 sigma
  chipsf double? reduced chi-square of the PSF fit
  magap double? [mag] magnitude within 14 pixels
  sigmagap double? [mag] error of magap, 1 sigma
  distnr double? [pixels] distance of the nearest source of the reference image
  magnr double? [mag] its magnitude
  sigmagnr double? [mag] error of magnr
  chinr double? its DAOPhot chi
  sharpnr double? its DAOPhot sharpness
  sky double? [DN] background around it
  magdiff double? [mag] magap - magpsf
  fwhm double? [pixels] width of a Gaussian core
  classtar double? star or galaxy by SExtractor, 1 = star
  mindtoedge double? [pixels] distance of the image's nearest edge
  magfromlim double? [mag] diffmaglim - magap
  seeratio double? width on the difference image / fwhm
  aimage double? [pixels] size along the major axis
  bimage double? [pixels] size along the minor axis
  aimagerat double? aimage / fwhm
  bimagerat double? bimage / fwhm
  elong double? aimage / bimage
  nneg int? negative ones of the 25 pixels around it
  nbad int? flagged ones of the 25 pixels around it
  rb double? real or bogus by a random forest, 1 = real
  ssdistnr double? [arcsec] distance of the nearest known solar-system object; -999 for none
  ssmagnr double? [mag] its predicted magnitude, mostly V; -999 for none
  ssnamenr string? its name; the text null for none
  sumrat double? sum / sum of sizes of the pixels around it
  magapbig double? [mag] magnitude within 18 pixels
  sigmagapbig double? [mag] error of magapbig, 1 sigma
  ranr double [deg] right ascension of the nearest source of the reference image
  decnr double [deg] its declination
  sgmag1 double? [mag] g of the nearest PS1 source
  srmag1 double? [mag] r of the nearest PS1 source
  simag1 double? [mag] i of the nearest PS1 source
  szmag1 double? [mag] z of the nearest PS1 source
  sgscore1 double? star or galaxy, of the nearest PS1 source: 1 = star
  distpsnr1 double? [arcsec] distance of the nearest PS1 source, up to 30
  ndethist int detections at this place so far, with this one
  ncovhist int how often this place was looked at so far
  jdstarthist double? [days] when the first of ndethist was, Julian date
  jdendhist double? [days] when the last of ndethist was, Julian date
  scorr double? peak signal to noise on the matched-filtered image
  tooflag int? 1 for a target of opportunity
  objectidps1 long? id of the nearest PS1 source
  objectidps2 long? id of the second nearest PS1 source
  sgmag2 double? [mag] g of the second nearest PS1 source
  srmag2 double? [mag] r of the second nearest PS1 source
  simag2 double? [mag] i of the second nearest PS1 source
  szmag2 double? [mag] z of the second nearest PS1 source
  sgscore2 double? star or galaxy, of the second nearest PS1 source: 1 = star
  distpsnr2 double? [arcsec] distance of the second nearest PS1 source, up to 30
  objectidps3 long? id of the third nearest PS1 source
  sgmag3 double? [mag] g of the third nearest PS1 source
  srmag3 double? [mag] r of the third nearest PS1 source
  simag3 double? [mag] i of the third nearest PS1 source
  szmag3 double? [mag] z of the third nearest PS1 source
  sgscore3 double? star or galaxy, of the third nearest PS1 source: 1 = star
  distpsnr3 double? [arcsec] distance of the third nearest PS1 source, up to 30
  nmtchps int PS1 sources within 30 arcsec
  rfid long processing id of the reference image
  jdstartref double [days] first exposure of the reference image, Julian date
  jdendref double [days] last exposure of the reference image, Julian date
  nframesref int exposures in the reference image
  rbversion string version of what gave rb
  dsnrms double? difference image / its noise, here
  ssnrms double? the same after convolution with the PSF
  dsdiff double? dsnrms - ssnrms
  magzpsci double? [mag] zero point of the science image
  magzpsciunc double? [mag] error of magzpsci
  magzpscirms double? [mag] scatter of the calibrators around it
  nmatches int PS1 calibrators that were used
  clrcoeff double? colour term of the calibration
  clrcounc double? error of clrcoeff
  zpclrcov double? covariance of zero point and colour term
  zpmed double? [mag] median of the calibrators' offsets
  clrmed double? [mag] median of the calibrators' colours
  clrrms double? [mag] scatter of the calibrators' colours
  neargaia double? [arcsec] distance of the nearest Gaia DR1 source, up to 90
  neargaiabright double? [arcsec] the same of those with G < 14
  maggaia double? [mag] G of the nearest Gaia source
  maggaiabright double? [mag] G of the nearest bright Gaia source
  exptime double? [s] exposure time
  drb double? real or bogus by deep learning, 1 = real
  drbversion string version of what gave drb
  `,
);

/** Those of the candidate that a point of the past has too: an upper limit lacks what was measured. */
const OF_PAST = new Set(
  `
  jd fid pid diffmaglim pdiffimfilename programpi programid candid isdiffpos tblid nid rcid field xpos
  ypos ra dec magpsf sigmapsf chipsf magap sigmagap distnr magnr sigmagnr chinr sharpnr sky magdiff fwhm
  classtar mindtoedge magfromlim seeratio aimage bimage aimagerat bimagerat elong nneg nbad rb ssdistnr
  ssmagnr ssnamenr sumrat magapbig sigmagapbig ranr decnr scorr magzpsci magzpsciunc magzpscirms
  clrcoeff clrcounc rbversion
  `.trim().split(/\s+/),
);
const ALWAYS = new Set(["jd", "fid", "pid", "programid", "rbversion"]);

const PAST = CANDIDATE.flatMap(({ path, ...field }): FilterField[] => {
  const name = path.slice("candidate.".length);
  if (!OF_PAST.has(name)) return [];
  const known = { ...field, path: `prv_candidates.${name}` };
  return [ALWAYS.has(name) ? known : { ...known, optional: true }];
});

const FORCED = filterFields(
  "fp_hists.",
  `
  field int? number of the field on the sky
  rcid int? readout channel, 0 to 63
  fid int filter: 1 g, 2 r, 3 i
  pid long processing id of the science image
  rfid long processing id of the reference image
  sciinpseeing double? [pixels] width of stars on the science image
  scibckgnd double? [DN] background of the science image
  scisigpix double? [DN] noise of a pixel of the science image
  magzpsci double? [mag] zero point of the science image
  magzpsciunc double? [mag] error of magzpsci
  magzpscirms double? [mag] scatter of the calibrators around it
  clrcoeff double? colour term of the calibration
  clrcounc double? error of clrcoeff
  exptime double? [s] exposure time
  adpctdif1 double? [arcsec] scatter of right ascension against Gaia
  adpctdif2 double? [arcsec] scatter of declination against Gaia
  diffmaglim double? [mag] depth of the difference image, 5 sigma
  programid int whose data it is: 1 public, 2 partnership, 3 Caltech
  jd double [days] when the exposure began, Julian date (UTC)
  forcediffimflux double? [DN] flux at this place of the difference image
  forcediffimfluxunc double? [DN] error of forcediffimflux, 1 sigma
  procstatus string? how its processing went: filters see 0 only
  distnr double? [arcsec] distance of the nearest source of the reference image
  ranr double? [deg] its right ascension
  decnr double? [deg] its declination
  magnr double? [mag] its magnitude
  sigmagnr double? [mag] error of magnr
  chinr double? its DAOPhot chi
  sharpnr double? its DAOPhot sharpness
  snr double? forcediffimflux / forcediffimfluxunc, signed
  mag double? [mag] magnitude of a flux above 0
  magerr double? [mag] error of mag, with the sign of the flux
  limmag3sig double? [mag] depth, 3 sigma
  limmag5sig double? [mag] depth, 5 sigma
  alert_mag double? [mag] magpsf of the alert that brought it
  alert_ra double? [deg] right ascension of the alert that brought it
  alert_dec double? [deg] declination of the alert that brought it
  `,
);

export const FIELDS: readonly FilterField[] = [...ALERT, ...CANDIDATE, ...PAST, ...FORCED];
