-- Take the foundation away, with everything in it.
DROP SCHEMA app CASCADE;
