-- The app's own tables. They know nothing of a cache but the last two lines.
CREATE SCHEMA IF NOT EXISTS todo;

CREATE TABLE IF NOT EXISTS todo.lists (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE IF NOT EXISTS todo.items (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list_id bigint NOT NULL REFERENCES todo.lists ON DELETE CASCADE,
    title text NOT NULL,
    done boolean NOT NULL DEFAULT false
);

SELECT cache_attach('todo.lists', ARRAY[$$'list:' || id$$]);
SELECT cache_attach('todo.items', ARRAY[$$'list:' || list_id$$]);
