DROP FUNCTION app.search_near, app.search_vector_index, app.vector_schema;
DROP INDEX app.search_file_wanted;
ALTER TABLE app.search_file DROP COLUMN space_id;
DROP TABLE app.search_vector, app.vector_space;
