-- Lists of products, what they are searched by, and what a shop looks up.

-- One for each sort. (The unique index of the article does for the SKU.)
CREATE INDEX products_by_created_at ON products (organization_id, created_at, id)
    INCLUDE (active) WHERE deleted_at IS NULL;
CREATE INDEX products_by_updated_at ON products (organization_id, updated_at, id)
    WHERE deleted_at IS NULL;
CREATE INDEX products_by_name ON products (organization_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX products_by_price ON products (organization_id, price, id) WHERE deleted_at IS NULL;
-- Those that are not sold: usually few.
CREATE INDEX products_inactive ON products (organization_id, created_at, id)
    WHERE deleted_at IS NULL AND NOT active;
CREATE INDEX product_schemas_by_created_at ON product_schemas (organization_id, created_at, id);

-- The words of live products, kept by triggers: an index in the form of a table. Each kind of thing
-- that is searched has such a table of its own, so that how often a word is met is known for each.
-- A word is found by its beginning, bytewise.
CREATE TABLE product_words (
    product_id uuid NOT NULL,
    word text COLLATE "C" NOT NULL CHECK (word <> ''),
    organization_id uuid NOT NULL,
    PRIMARY KEY (product_id, word)
);

CREATE INDEX product_words_search ON product_words (organization_id, word, product_id);

\i code/values/search_words.sql

INSERT INTO product_words (organization_id, word, product_id)
SELECT p.organization_id, w.word, p.id
FROM products p, unnest(search_words(p.name || ' ' || p.sku)) AS w (word)
WHERE p.deleted_at IS NULL;

\i code/products/keep_words.sql

CREATE TRIGGER keep_words_on_insert AFTER INSERT ON products REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION product_keep_words();
CREATE TRIGGER keep_words_on_update AFTER UPDATE ON products
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION product_keep_words();
CREATE TRIGGER keep_words_on_delete AFTER DELETE ON products REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION product_keep_words();
CREATE TRIGGER keep_words_on_truncate AFTER TRUNCATE ON products
    FOR EACH STATEMENT EXECUTE FUNCTION product_keep_words();
ALTER TABLE products ENABLE ALWAYS TRIGGER keep_words_on_insert,
    ENABLE ALWAYS TRIGGER keep_words_on_update, ENABLE ALWAYS TRIGGER keep_words_on_delete,
    ENABLE ALWAYS TRIGGER keep_words_on_truncate;

-- Words that are changed by hand change what lists show. The triggers above are announced by the
-- products.
CREATE TRIGGER announce_change AFTER INSERT OR UPDATE OR DELETE ON product_words
    FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION announce_everything();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON product_words
    FOR EACH STATEMENT EXECUTE FUNCTION announce_everything();
ALTER TABLE product_words ENABLE ALWAYS TRIGGER announce_change,
    ENABLE ALWAYS TRIGGER announce_truncate;

-- Names that a shop shows beside codes: of countries (ISO 3166-1) and of currencies (ISO 4217; the
-- application says which are in use). In a table, so that a shop can call them as its customers do.
-- English names of the Unicode CLDR 48.
CREATE TABLE lookups (
    kind text NOT NULL CHECK (kind IN ('country', 'currency')),
    code text NOT NULL CHECK (code ~ '^[A-Z]{2,3}$'),
    name text NOT NULL CHECK (name <> ''),
    PRIMARY KEY (kind, code)
);

INSERT INTO lookups (kind, code, name) VALUES
    ('country', 'AD', 'Andorra'), ('country', 'AE', 'United Arab Emirates'),
    ('country', 'AF', 'Afghanistan'), ('country', 'AG', 'Antigua & Barbuda'),
    ('country', 'AI', 'Anguilla'), ('country', 'AL', 'Albania'), ('country', 'AM', 'Armenia'),
    ('country', 'AO', 'Angola'), ('country', 'AQ', 'Antarctica'), ('country', 'AR', 'Argentina'),
    ('country', 'AS', 'American Samoa'), ('country', 'AT', 'Austria'),
    ('country', 'AU', 'Australia'), ('country', 'AW', 'Aruba'), ('country', 'AX', 'Åland Islands'),
    ('country', 'AZ', 'Azerbaijan'), ('country', 'BA', 'Bosnia & Herzegovina'),
    ('country', 'BB', 'Barbados'), ('country', 'BD', 'Bangladesh'), ('country', 'BE', 'Belgium'),
    ('country', 'BF', 'Burkina Faso'), ('country', 'BG', 'Bulgaria'), ('country', 'BH', 'Bahrain'),
    ('country', 'BI', 'Burundi'), ('country', 'BJ', 'Benin'), ('country', 'BL', 'St. Barthélemy'),
    ('country', 'BM', 'Bermuda'), ('country', 'BN', 'Brunei'), ('country', 'BO', 'Bolivia'),
    ('country', 'BQ', 'Caribbean Netherlands'), ('country', 'BR', 'Brazil'),
    ('country', 'BS', 'Bahamas'), ('country', 'BT', 'Bhutan'), ('country', 'BV', 'Bouvet Island'),
    ('country', 'BW', 'Botswana'), ('country', 'BY', 'Belarus'), ('country', 'BZ', 'Belize'),
    ('country', 'CA', 'Canada'), ('country', 'CC', 'Cocos (Keeling) Islands'),
    ('country', 'CD', 'Congo - Kinshasa'), ('country', 'CF', 'Central African Republic'),
    ('country', 'CG', 'Congo - Brazzaville'), ('country', 'CH', 'Switzerland'),
    ('country', 'CI', 'Côte d’Ivoire'), ('country', 'CK', 'Cook Islands'),
    ('country', 'CL', 'Chile'), ('country', 'CM', 'Cameroon'), ('country', 'CN', 'China'),
    ('country', 'CO', 'Colombia'), ('country', 'CR', 'Costa Rica'), ('country', 'CU', 'Cuba'),
    ('country', 'CV', 'Cape Verde'), ('country', 'CW', 'Curaçao'),
    ('country', 'CX', 'Christmas Island'), ('country', 'CY', 'Cyprus'),
    ('country', 'CZ', 'Czechia'), ('country', 'DE', 'Germany'), ('country', 'DJ', 'Djibouti'),
    ('country', 'DK', 'Denmark'), ('country', 'DM', 'Dominica'),
    ('country', 'DO', 'Dominican Republic'), ('country', 'DZ', 'Algeria'),
    ('country', 'EC', 'Ecuador'), ('country', 'EE', 'Estonia'), ('country', 'EG', 'Egypt'),
    ('country', 'EH', 'Western Sahara'), ('country', 'ER', 'Eritrea'), ('country', 'ES', 'Spain'),
    ('country', 'ET', 'Ethiopia'), ('country', 'FI', 'Finland'), ('country', 'FJ', 'Fiji'),
    ('country', 'FK', 'Falkland Islands'), ('country', 'FM', 'Micronesia'),
    ('country', 'FO', 'Faroe Islands'), ('country', 'FR', 'France'), ('country', 'GA', 'Gabon'),
    ('country', 'GB', 'United Kingdom'), ('country', 'GD', 'Grenada'), ('country', 'GE', 'Georgia'),
    ('country', 'GF', 'French Guiana'), ('country', 'GG', 'Guernsey'), ('country', 'GH', 'Ghana'),
    ('country', 'GI', 'Gibraltar'), ('country', 'GL', 'Greenland'), ('country', 'GM', 'Gambia'),
    ('country', 'GN', 'Guinea'), ('country', 'GP', 'Guadeloupe'),
    ('country', 'GQ', 'Equatorial Guinea'), ('country', 'GR', 'Greece'),
    ('country', 'GS', 'South Georgia & South Sandwich Islands'), ('country', 'GT', 'Guatemala'),
    ('country', 'GU', 'Guam'), ('country', 'GW', 'Guinea-Bissau'), ('country', 'GY', 'Guyana'),
    ('country', 'HK', 'Hong Kong SAR China'), ('country', 'HM', 'Heard & McDonald Islands'),
    ('country', 'HN', 'Honduras'), ('country', 'HR', 'Croatia'), ('country', 'HT', 'Haiti'),
    ('country', 'HU', 'Hungary'), ('country', 'ID', 'Indonesia'), ('country', 'IE', 'Ireland'),
    ('country', 'IL', 'Israel'), ('country', 'IM', 'Isle of Man'), ('country', 'IN', 'India'),
    ('country', 'IO', 'British Indian Ocean Territory'), ('country', 'IQ', 'Iraq'),
    ('country', 'IR', 'Iran'), ('country', 'IS', 'Iceland'), ('country', 'IT', 'Italy'),
    ('country', 'JE', 'Jersey'), ('country', 'JM', 'Jamaica'), ('country', 'JO', 'Jordan'),
    ('country', 'JP', 'Japan'), ('country', 'KE', 'Kenya'), ('country', 'KG', 'Kyrgyzstan'),
    ('country', 'KH', 'Cambodia'), ('country', 'KI', 'Kiribati'), ('country', 'KM', 'Comoros'),
    ('country', 'KN', 'St. Kitts & Nevis'), ('country', 'KP', 'North Korea'),
    ('country', 'KR', 'South Korea'), ('country', 'KW', 'Kuwait'),
    ('country', 'KY', 'Cayman Islands'), ('country', 'KZ', 'Kazakhstan'), ('country', 'LA', 'Laos'),
    ('country', 'LB', 'Lebanon'), ('country', 'LC', 'St. Lucia'),
    ('country', 'LI', 'Liechtenstein'), ('country', 'LK', 'Sri Lanka'),
    ('country', 'LR', 'Liberia'), ('country', 'LS', 'Lesotho'), ('country', 'LT', 'Lithuania'),
    ('country', 'LU', 'Luxembourg'), ('country', 'LV', 'Latvia'), ('country', 'LY', 'Libya'),
    ('country', 'MA', 'Morocco'), ('country', 'MC', 'Monaco'), ('country', 'MD', 'Moldova'),
    ('country', 'ME', 'Montenegro'), ('country', 'MF', 'St. Martin'),
    ('country', 'MG', 'Madagascar'), ('country', 'MH', 'Marshall Islands'),
    ('country', 'MK', 'North Macedonia'), ('country', 'ML', 'Mali'),
    ('country', 'MM', 'Myanmar (Burma)'), ('country', 'MN', 'Mongolia'),
    ('country', 'MO', 'Macao SAR China'), ('country', 'MP', 'Northern Mariana Islands'),
    ('country', 'MQ', 'Martinique'), ('country', 'MR', 'Mauritania'),
    ('country', 'MS', 'Montserrat'), ('country', 'MT', 'Malta'), ('country', 'MU', 'Mauritius'),
    ('country', 'MV', 'Maldives'), ('country', 'MW', 'Malawi'), ('country', 'MX', 'Mexico'),
    ('country', 'MY', 'Malaysia'), ('country', 'MZ', 'Mozambique'), ('country', 'NA', 'Namibia'),
    ('country', 'NC', 'New Caledonia'), ('country', 'NE', 'Niger'),
    ('country', 'NF', 'Norfolk Island'), ('country', 'NG', 'Nigeria'),
    ('country', 'NI', 'Nicaragua'), ('country', 'NL', 'Netherlands'), ('country', 'NO', 'Norway'),
    ('country', 'NP', 'Nepal'), ('country', 'NR', 'Nauru'), ('country', 'NU', 'Niue'),
    ('country', 'NZ', 'New Zealand'), ('country', 'OM', 'Oman'), ('country', 'PA', 'Panama'),
    ('country', 'PE', 'Peru'), ('country', 'PF', 'French Polynesia'),
    ('country', 'PG', 'Papua New Guinea'), ('country', 'PH', 'Philippines'),
    ('country', 'PK', 'Pakistan'), ('country', 'PL', 'Poland'),
    ('country', 'PM', 'St. Pierre & Miquelon'), ('country', 'PN', 'Pitcairn Islands'),
    ('country', 'PR', 'Puerto Rico'), ('country', 'PS', 'Palestinian Territories'),
    ('country', 'PT', 'Portugal'), ('country', 'PW', 'Palau'), ('country', 'PY', 'Paraguay'),
    ('country', 'QA', 'Qatar'), ('country', 'RE', 'Réunion'), ('country', 'RO', 'Romania'),
    ('country', 'RS', 'Serbia'), ('country', 'RU', 'Russia'), ('country', 'RW', 'Rwanda'),
    ('country', 'SA', 'Saudi Arabia'), ('country', 'SB', 'Solomon Islands'),
    ('country', 'SC', 'Seychelles'), ('country', 'SD', 'Sudan'), ('country', 'SE', 'Sweden'),
    ('country', 'SG', 'Singapore'), ('country', 'SH', 'St. Helena'), ('country', 'SI', 'Slovenia'),
    ('country', 'SJ', 'Svalbard & Jan Mayen'), ('country', 'SK', 'Slovakia'),
    ('country', 'SL', 'Sierra Leone'), ('country', 'SM', 'San Marino'),
    ('country', 'SN', 'Senegal'), ('country', 'SO', 'Somalia'), ('country', 'SR', 'Suriname'),
    ('country', 'SS', 'South Sudan'), ('country', 'ST', 'São Tomé & Príncipe'),
    ('country', 'SV', 'El Salvador'), ('country', 'SX', 'Sint Maarten'), ('country', 'SY', 'Syria'),
    ('country', 'SZ', 'Eswatini'), ('country', 'TC', 'Turks & Caicos Islands'),
    ('country', 'TD', 'Chad'), ('country', 'TF', 'French Southern Territories'),
    ('country', 'TG', 'Togo'), ('country', 'TH', 'Thailand'), ('country', 'TJ', 'Tajikistan'),
    ('country', 'TK', 'Tokelau'), ('country', 'TL', 'Timor-Leste'),
    ('country', 'TM', 'Turkmenistan'), ('country', 'TN', 'Tunisia'), ('country', 'TO', 'Tonga'),
    ('country', 'TR', 'Türkiye'), ('country', 'TT', 'Trinidad & Tobago'),
    ('country', 'TV', 'Tuvalu'), ('country', 'TW', 'Taiwan'), ('country', 'TZ', 'Tanzania'),
    ('country', 'UA', 'Ukraine'), ('country', 'UG', 'Uganda'),
    ('country', 'UM', 'U.S. Outlying Islands'), ('country', 'US', 'United States'),
    ('country', 'UY', 'Uruguay'), ('country', 'UZ', 'Uzbekistan'),
    ('country', 'VA', 'Vatican City'), ('country', 'VC', 'St. Vincent & Grenadines'),
    ('country', 'VE', 'Venezuela'), ('country', 'VG', 'British Virgin Islands'),
    ('country', 'VI', 'U.S. Virgin Islands'), ('country', 'VN', 'Vietnam'),
    ('country', 'VU', 'Vanuatu'), ('country', 'WF', 'Wallis & Futuna'), ('country', 'WS', 'Samoa'),
    ('country', 'YE', 'Yemen'), ('country', 'YT', 'Mayotte'), ('country', 'ZA', 'South Africa'),
    ('country', 'ZM', 'Zambia'), ('country', 'ZW', 'Zimbabwe'),
    ('currency', 'AED', 'United Arab Emirates Dirham'), ('currency', 'AFN', 'Afghan Afghani'),
    ('currency', 'ALL', 'Albanian Lek'), ('currency', 'AMD', 'Armenian Dram'),
    ('currency', 'AOA', 'Angolan Kwanza'), ('currency', 'ARS', 'Argentine Peso'),
    ('currency', 'AUD', 'Australian Dollar'), ('currency', 'AWG', 'Aruban Florin'),
    ('currency', 'AZN', 'Azerbaijani Manat'),
    ('currency', 'BAM', 'Bosnia-Herzegovina Convertible Mark'),
    ('currency', 'BBD', 'Barbadian Dollar'), ('currency', 'BDT', 'Bangladeshi Taka'),
    ('currency', 'BHD', 'Bahraini Dinar'), ('currency', 'BIF', 'Burundian Franc'),
    ('currency', 'BMD', 'Bermudan Dollar'), ('currency', 'BND', 'Brunei Dollar'),
    ('currency', 'BOB', 'Bolivian Boliviano'), ('currency', 'BRL', 'Brazilian Real'),
    ('currency', 'BSD', 'Bahamian Dollar'), ('currency', 'BTN', 'Bhutanese Ngultrum'),
    ('currency', 'BWP', 'Botswanan Pula'), ('currency', 'BYN', 'Belarusian Ruble'),
    ('currency', 'BZD', 'Belize Dollar'), ('currency', 'CAD', 'Canadian Dollar'),
    ('currency', 'CDF', 'Congolese Franc'), ('currency', 'CHF', 'Swiss Franc'),
    ('currency', 'CLP', 'Chilean Peso'), ('currency', 'CNY', 'Chinese Yuan'),
    ('currency', 'COP', 'Colombian Peso'), ('currency', 'CRC', 'Costa Rican Colón'),
    ('currency', 'CUP', 'Cuban Peso'), ('currency', 'CVE', 'Cape Verdean Escudo'),
    ('currency', 'CZK', 'Czech Koruna'), ('currency', 'DJF', 'Djiboutian Franc'),
    ('currency', 'DKK', 'Danish Krone'), ('currency', 'DOP', 'Dominican Peso'),
    ('currency', 'DZD', 'Algerian Dinar'), ('currency', 'EGP', 'Egyptian Pound'),
    ('currency', 'ERN', 'Eritrean Nakfa'), ('currency', 'ETB', 'Ethiopian Birr'),
    ('currency', 'EUR', 'Euro'), ('currency', 'FJD', 'Fijian Dollar'),
    ('currency', 'FKP', 'Falkland Islands Pound'), ('currency', 'GBP', 'British Pound'),
    ('currency', 'GEL', 'Georgian Lari'), ('currency', 'GHS', 'Ghanaian Cedi'),
    ('currency', 'GIP', 'Gibraltar Pound'), ('currency', 'GMD', 'Gambian Dalasi'),
    ('currency', 'GNF', 'Guinean Franc'), ('currency', 'GTQ', 'Guatemalan Quetzal'),
    ('currency', 'GYD', 'Guyanaese Dollar'), ('currency', 'HKD', 'Hong Kong Dollar'),
    ('currency', 'HNL', 'Honduran Lempira'), ('currency', 'HTG', 'Haitian Gourde'),
    ('currency', 'HUF', 'Hungarian Forint'), ('currency', 'IDR', 'Indonesian Rupiah'),
    ('currency', 'ILS', 'Israeli New Shekel'), ('currency', 'INR', 'Indian Rupee'),
    ('currency', 'IQD', 'Iraqi Dinar'), ('currency', 'IRR', 'Iranian Rial'),
    ('currency', 'ISK', 'Icelandic Króna'), ('currency', 'JMD', 'Jamaican Dollar'),
    ('currency', 'JOD', 'Jordanian Dinar'), ('currency', 'JPY', 'Japanese Yen'),
    ('currency', 'KES', 'Kenyan Shilling'), ('currency', 'KGS', 'Kyrgyz Som'),
    ('currency', 'KHR', 'Cambodian Riel'), ('currency', 'KMF', 'Comorian Franc'),
    ('currency', 'KPW', 'North Korean Won'), ('currency', 'KRW', 'South Korean Won'),
    ('currency', 'KWD', 'Kuwaiti Dinar'), ('currency', 'KYD', 'Cayman Islands Dollar'),
    ('currency', 'KZT', 'Kazakhstani Tenge'), ('currency', 'LAK', 'Laotian Kip'),
    ('currency', 'LBP', 'Lebanese Pound'), ('currency', 'LKR', 'Sri Lankan Rupee'),
    ('currency', 'LRD', 'Liberian Dollar'), ('currency', 'LSL', 'Lesotho Loti'),
    ('currency', 'LYD', 'Libyan Dinar'), ('currency', 'MAD', 'Moroccan Dirham'),
    ('currency', 'MDL', 'Moldovan Leu'), ('currency', 'MGA', 'Malagasy Ariary'),
    ('currency', 'MKD', 'Macedonian Denar'), ('currency', 'MMK', 'Myanmar Kyat'),
    ('currency', 'MNT', 'Mongolian Tugrik'), ('currency', 'MOP', 'Macanese Pataca'),
    ('currency', 'MRU', 'Mauritanian Ouguiya'), ('currency', 'MUR', 'Mauritian Rupee'),
    ('currency', 'MVR', 'Maldivian Rufiyaa'), ('currency', 'MWK', 'Malawian Kwacha'),
    ('currency', 'MXN', 'Mexican Peso'), ('currency', 'MYR', 'Malaysian Ringgit'),
    ('currency', 'MZN', 'Mozambican Metical'), ('currency', 'NAD', 'Namibian Dollar'),
    ('currency', 'NGN', 'Nigerian Naira'), ('currency', 'NIO', 'Nicaraguan Córdoba'),
    ('currency', 'NOK', 'Norwegian Krone'), ('currency', 'NPR', 'Nepalese Rupee'),
    ('currency', 'NZD', 'New Zealand Dollar'), ('currency', 'OMR', 'Omani Rial'),
    ('currency', 'PAB', 'Panamanian Balboa'), ('currency', 'PEN', 'Peruvian Sol'),
    ('currency', 'PGK', 'Papua New Guinean Kina'), ('currency', 'PHP', 'Philippine Peso'),
    ('currency', 'PKR', 'Pakistani Rupee'), ('currency', 'PLN', 'Polish Zloty'),
    ('currency', 'PYG', 'Paraguayan Guarani'), ('currency', 'QAR', 'Qatari Riyal'),
    ('currency', 'RON', 'Romanian Leu'), ('currency', 'RSD', 'Serbian Dinar'),
    ('currency', 'RUB', 'Russian Ruble'), ('currency', 'RWF', 'Rwandan Franc'),
    ('currency', 'SAR', 'Saudi Riyal'), ('currency', 'SBD', 'Solomon Islands Dollar'),
    ('currency', 'SCR', 'Seychellois Rupee'), ('currency', 'SDG', 'Sudanese Pound'),
    ('currency', 'SEK', 'Swedish Krona'), ('currency', 'SGD', 'Singapore Dollar'),
    ('currency', 'SHP', 'St. Helena Pound'), ('currency', 'SLE', 'Sierra Leonean Leone'),
    ('currency', 'SOS', 'Somali Shilling'), ('currency', 'SRD', 'Surinamese Dollar'),
    ('currency', 'SSP', 'South Sudanese Pound'), ('currency', 'STN', 'São Tomé & Príncipe Dobra'),
    ('currency', 'SVC', 'Salvadoran Colón'), ('currency', 'SYP', 'Syrian Pound'),
    ('currency', 'SZL', 'Swazi Lilangeni'), ('currency', 'THB', 'Thai Baht'),
    ('currency', 'TJS', 'Tajikistani Somoni'), ('currency', 'TMT', 'Turkmenistani Manat'),
    ('currency', 'TND', 'Tunisian Dinar'), ('currency', 'TOP', 'Tongan Paʻanga'),
    ('currency', 'TRY', 'Turkish Lira'), ('currency', 'TTD', 'Trinidad & Tobago Dollar'),
    ('currency', 'TWD', 'New Taiwan Dollar'), ('currency', 'TZS', 'Tanzanian Shilling'),
    ('currency', 'UAH', 'Ukrainian Hryvnia'), ('currency', 'UGX', 'Ugandan Shilling'),
    ('currency', 'USD', 'US Dollar'), ('currency', 'UYI', 'Uruguayan Peso (Indexed Units)'),
    ('currency', 'UYU', 'Uruguayan Peso'), ('currency', 'UZS', 'Uzbekistani Som'),
    ('currency', 'VED', 'Bolívar Soberano'), ('currency', 'VES', 'Venezuelan Bolívar'),
    ('currency', 'VND', 'Vietnamese Dong'), ('currency', 'VUV', 'Vanuatu Vatu'),
    ('currency', 'WST', 'Samoan Tala'), ('currency', 'XAF', 'Central African CFA Franc'),
    ('currency', 'XCD', 'East Caribbean Dollar'), ('currency', 'XCG', 'Caribbean Guilder'),
    ('currency', 'XOF', 'West African CFA Franc'), ('currency', 'XPF', 'CFP Franc'),
    ('currency', 'YER', 'Yemeni Rial'), ('currency', 'ZAR', 'South African Rand'),
    ('currency', 'ZMW', 'Zambian Kwacha'), ('currency', 'ZWG', 'Zimbabwean Gold');

\i code/cache/announce_lookups.sql

CREATE TRIGGER announce_change AFTER INSERT OR UPDATE OR DELETE ON lookups
    FOR EACH STATEMENT EXECUTE FUNCTION announce_lookups();
CREATE TRIGGER announce_truncate AFTER TRUNCATE ON lookups
    FOR EACH STATEMENT EXECUTE FUNCTION announce_lookups();
ALTER TABLE lookups ENABLE ALWAYS TRIGGER announce_change,
    ENABLE ALWAYS TRIGGER announce_truncate;
