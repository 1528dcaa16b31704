-- What is stored with a map besides its content: pictures, where their boxes are, and the drawings behind them;
-- and comparisons of two maps, which can be made again at any time.

CREATE TABLE app.map_part (
    tenant_id bigint NOT NULL,
    map_id    bigint NOT NULL,
    name      text NOT NULL CHECK (name ~ '^[a-z0-9_.]{1,60}$'),
    data      text,
    reason    text CHECK (char_length(reason) <= 500),
    PRIMARY KEY (tenant_id, map_id, name),
    CHECK ((data IS NULL) <> (reason IS NULL)),
    FOREIGN KEY (tenant_id, map_id) REFERENCES app.system_map (tenant_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE app.map_part IS 'Made by the job with the map and read alone: pictures and their coordinates';
COMMENT ON COLUMN app.map_part.name IS 'As in an address: components.svg, folders.layout.json';
COMMENT ON COLUMN app.map_part.reason IS 'Why there is no data';

CREATE TABLE app.map_diff (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint NOT NULL,
    from_map  bigint NOT NULL,
    to_map    bigint NOT NULL,
    format    text NOT NULL CHECK (format IN ('json', 'md', 'svg')),
    body      text NOT NULL,
    UNIQUE (tenant_id, from_map, to_map, format),
    FOREIGN KEY (tenant_id, from_map) REFERENCES app.system_map (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, to_map) REFERENCES app.system_map (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX map_diff_newest ON app.map_diff (tenant_id, id);
CREATE INDEX map_diff_to ON app.map_diff (tenant_id, to_map);
COMMENT ON TABLE app.map_diff IS 'Comparisons that were asked for, as they were answered; the newest of each tenant';

ALTER TABLE app.map_part ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.map_part USING (tenant_id = (SELECT app.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.current_tenant_id()));
ALTER TABLE app.map_diff ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON app.map_diff USING (tenant_id = (SELECT app.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT app.current_tenant_id()));
REVOKE UPDATE ON app.map_part, app.map_diff FROM portolan_app;
