ALTER TABLE app.map_diff ALTER body SET COMPRESSION default;
ALTER TABLE app.map_part ALTER data SET COMPRESSION default;
ALTER TABLE app.system_map ALTER content SET COMPRESSION default;
