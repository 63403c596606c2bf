/** Notices of observatories as they write them: only what is read, with made-up values. */

export interface FakeNotice {
  readonly ivorn?: string;
  readonly role?: string;
  /** Of `What`, by name. */
  readonly params?: Readonly<Record<string, string>>;
  /** Elements of `What` besides. */
  readonly what?: string;
  readonly time?: string;
  readonly position?: readonly [ra: string, dec: string, radius: string];
}

/** Each has the type that it is named for. */
export function voevent(notice: FakeNotice = {}): string {
  const { ivorn = "ivo://nasa.gsfc.gcn/Fermi#test", role = "observation", what = "" } = notice;
  const { time = "2023-06-23T15:42:26.40", params = {}, position } = notice;
  const listed = Object.entries(params)
    .map(([name, value]) => `<Param name="${name}" value="${value}"/>`).join("\n    ");
  const circle = position === undefined ? "" : `
          <Position2D unit="deg">
            <Name1>RA</Name1><Name2>Dec</Name2>
            <Value2><C1>${position[0]}</C1><C2>${position[1]}</C2></Value2>
            <Error2Radius>${position[2]}</Error2Radius>
          </Position2D>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<voe:VOEvent ivorn="${ivorn}" role="${role}" version="2.0"
    xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Who><AuthorIVORN>ivo://nobody</AuthorIVORN></Who>
  <What>
    ${listed}
    ${what}
  </What>
  <WhereWhen>
    <ObsDataLocation>
      <ObservatoryLocation id="GEOLUN"/>
      <ObservationLocation>
        <AstroCoordSystem id="UTC-FK5-GEO"/>
        <AstroCoords coord_system_id="UTC-FK5-GEO">
          <Time><TimeInstant><ISOTime>${time}</ISOTime></TimeInstant></Time>${circle}
        </AstroCoords>
      </ObservationLocation>
    </ObsDataLocation>
  </WhereWhen>
</voe:VOEvent>
`;
}
