"""The vocabulary of the demo world. All companies and people are invented."""

# fmt: off

STEM_STARTS = [
    "Bel", "Cor", "Dra", "Fen", "Gal", "Hol", "Jor", "Kel", "Lum", "Mar", "Nor", "Ost", "Pel", "Quin",
    "Ral", "Sol", "Tam", "Ulv", "Var", "Wes", "Yar", "Zel",
]

STEM_MIDDLES = [
    "ava", "eri", "ilo", "ona", "uri", "ento", "ira", "ade", "eno", "ubi",
]

STEM_ENDS = [
    "mond", "vek", "dran", "quist", "tara", "lune", "forde", "nix", "sel", "graph", "bria", "trel", "wick",
    "shire",
]

TRADES = [
    "Logistics", "Foods", "Energy", "Mobility", "Clinics", "Retail", "Studios", "Robotics", "Textiles",
    "Analytics", "Minerals",
]

LEGAL_FORMS = [
    "Ltd", "Inc", "GmbH", "S.A.", "B.V.", "AB", "ApS", "LLC",
]

# Where a company name is not plain ASCII: "fictitious" or "example" in the language itself, or an
# invented stem.
FOREIGN_NAMES = [
    "Žilvára Energie s.r.o.", "Fjørnhavn Løsninger AS", "Çelmira Lojistik A.Ş.",
    "Ñandubel Alimentación S.L.", "Świtodar Usługi Sp. z o.o.", "Érabelle Santé SAS",
    "Gößweiler Übersee GmbH", "Älvmåra Skog AB", "São Brumel Têxteis Ltda", "架空物流株式会社", "虚構製作所",
    "例示電機 ホールディングス", "虚构云科技有限公司", "示例数据有限公司",
    "가상물류 주식회사", "예시전자", "شركة مثال للخدمات",
    "مؤسسة نموذج للتقنية", "דוגמה פתרונות בע״מ", "Ελληνικό Παράδειγμα", "«Вымысел Сервис»",
    "उदाहरण सेवाएँ", "ตัวอย่างบริการ จำกัด",
]

GIVEN_NAMES = [
    "Avelin", "Borian", "Cassiel", "Dorvan", "Elmire", "Fenja", "Gaviro", "Hestra", "Ilvane", "Jorun",
    "Kelisa", "Lorvan", "Mirela", "Nevio", "Orsane", "Pavelin", "Quirin", "Rosmeri", "Sylvan", "Tamsen",
]

FAMILY_NAMES = [
    "Abendroth-Vale", "Brundelle", "Corvane", "Dravenport", "Ellinmoor", "Farrowick", "Grendahl",
    "Hollinmere", "Istravik", "Jarnholt", "Kestrelle", "Lindemoor", "Marrowfen", "Nordquill", "Ostervane",
    "Pellworth",
]

FOREIGN_PEOPLE = [
    ("Łucjana", "Óberská"), ("Zoë", "Çanarvân"), ("例子", "山田野"), ("Мирослава", "Вымыслова"),
    ("نموذج", "المثالي"), ("Søren-Åke", "Brøndvik"), ("דוגמה", "בן־משל"), ("예나", "가상"),
]

JOB_TITLES = [
    "CTO", "Head of Infrastructure", "VP Engineering", "IT Procurement", "Cloud Architect", "CFO",
    "Data Platform Lead", "CISO",
]

TEAM_TITLES = [
    "OpportunityOwner", "Partner Account Manager", "Solutions Architect", "Alliance Lead", "Sales Engineer",
]

# country, city, state or region, postal code: weight
PLACES: dict[tuple[str, str, str | None, str], float] = {
    ("US", "Columbus", "Ohio", "43004"): 20,
    ("US", "Austin", "Texas", "73301"): 14,
    ("CA", "Québec", "Quebec", "G1A 0A2"): 4,
    ("GB", "Leeds", None, "LS1 1AA"): 10,
    ("DE", "Köln", None, "50667"): 10,
    ("FR", "Besançon", None, "25000"): 6,
    ("ES", "Logroño", None, "26001"): 4,
    ("NL", "Utrecht", None, "3511"): 3,
    ("SE", "Malmö", None, "211 15"): 3,
    ("PL", "Łódź", None, "90-001"): 2,
    ("BR", "São Paulo", None, "01000-000"): 4,
    ("JP", "京都市", None, "600-8001"): 5,
    ("KR", "부산", None, "48058"): 2,
    ("IL", "חיפה", None, "31000"): 1,
    ("AE", "دبي", None, "00000"): 2,
    ("IN", "Pune", None, "411001"): 6,
    ("AU", "Geelong", None, "3220"): 4,
}

GOALS = [
    "Data platform", "Disaster recovery", "Contact centre", "SAP migration", "Machine learning pipeline",
    "Backup and archive", "Kubernetes platform", "Video streaming", "Mainframe exit", "Zero-trust access",
    "IoT fleet", "E-commerce relaunch", "Genomics workbench", "Fraud detection", "Document search",
    "Data centre exit",
]

FLOURISHES = [
    "phase 1", "phase 2", "pilot", "🚀 fast track", "renewal", "EU rollout", "日本展開", "— année 2", "global",
    "(confidential)",
]

USE_CASES = [
    "AI Machine Learning and Analytics", "Archiving",
    "Big Data: Data Warehouse/Data Integration/ETL/Data Lake/BI", "Business Applications & Contact Center",
    "Business Applications & SAP Production", "Containers & Serverless", "Content Delivery & Edge Services",
    "Database", "Connected Services", "Energy",
]

PROBLEMS = [
    "The customer runs {goal} on hardware that leaves support within the year, and every outage now "
    "costs a day of orders.",
    "Nightly batches of {goal} overrun into business hours, so that planners work with yesterday's "
    "figures.",
    "Licences for the present stack of {goal} rise by a fifth at renewal, and finance has asked for "
    "an alternative that scales with demand.",
    "Auditors found that access to {goal} cannot be traced to a person; the finding must be closed "
    "before the next review.",
    "Three subsidiaries each built their own {goal}, and the group wants one platform with one bill "
    "and clear charge-back.",
    "Teams wait two weeks for an environment; with self-service {goal} they expect to ship twice as "
    "often.",
    "Seasonal peaks of eight times the usual load bring {goal} to its knees, although the hardware "
    "idles for the rest of the year.",
    "Our solution moves the workload in four waves, keeps both sides in step during the cut-over, and"
    " leaves a tested way back.",
    "We bring the landing zone, the migration factory and a run team of six; the customer keeps "
    "ownership of data and keys.",
    "A proof of concept with a tenth of the data met the response times that the users had asked for,"
    " at 40 % of the present cost.",
    "The steering committee meets every second Thursday; technical sign-off needs a security review "
    "by the customer's own team.",
    "Cliente exige residência de dados no país; l'équipe sécurité demande un chiffrement de bout en "
    "bout — 要件は確認済みです。",
]

NEXT_STEPS = [
    "Workshop with the platform team; agree on the scope of the pilot.",
    "Send revised pricing to procurement.", "Waiting for the security questionnaire.",
    "Architecture review with AWS on Thursday.", "Contract with legal, signature expected this month.",
    "Demo for the steering committee ✅", "Proof of concept running: second week.",
    "Customer asked for a reference call.", "次回の打ち合わせは来週火曜日。", "Relancer le client après les congés.",
    "Collect usage data for the business case.", "Go-live checklist open: DNS, backup, monitoring.",
]

CAMPAIGNS = [
    "SPRING-MODERNIZE", "DATA-DAYS-2", "MIGRATE-NOW", "GENAI-ROADSHOW", "EU-SOVEREIGN", "STARTUP-LIFT",
    "RETAIL-PEAK", "Été-Cloud",
]

MARKETING_USE_CASES = [
    "AI/ML", "Analytics", "Compute", "Containers", "Databases", "Migration & Transfer", "Security",
    "Serverless", "Storage",
]

APN_PROGRAMS = [
    "APN Immersion Days", "APN Solution Space", "AWS Marketplace Campaign", "ISV Workload Migration",
    "Migration Acceleration Program", "Partner Launch Initiative",
    "Partner Opportunity Acceleration Funded", "Well-Architected",
]

AWS_PRODUCTS = [
    "AmazonEC2Linux", "AmazonS3", "AmazonRDS", "AmazonRedshift", "AWSLambda", "AmazonEKS", "AmazonBedrock",
    "AmazonSageMaker", "AmazonConnect", "AWSGlue", "AmazonCloudFront", "AmazonDynamoDB", "AWSBackup",
    "AmazonOpenSearchService", "AmazonMSK",
]

REVIEW_REASONS = [
    "Customer details incomplete", "Business problem unclear", "Duplicate of an open opportunity",
    "Spend estimate missing",
]

NEXT_BEST_ACTIONS = [
    "Schedule a joint call with the account team.", "Share the pricing estimate with AWS.",
    "Ask for a funding review.", "Confirm the go-live date.", "Add a technical contact of the customer.",
    "Associate the marketplace offer.",
]

# name, category, status
SOLUTIONS = [
    ("Harbour Data Platform", "Software Product", "Active"),
    ("Harbour Lakehouse Accelerator", "Software Product", "Active"),
    ("Cutover Migration Factory", "Professional Service", "Active"),
    ("Managed Landing Zone", "Managed Service", "Active"),
    ("Sentinel Compliance Pack", "Software Product", "Active"),
    ("Contact Centre in 30 Days", "Consulting Service", "Active"),
    ("Cloud Cost Clinic", "Consulting Service", "Active"),
    ("Données Souveraines", "Managed Service", "Active"),
    ("Edge Fleet Manager", "Software Product", "Active"),
    ("ML Ops Launchpad", "Professional Service", "Active"),
    ("Archive Vault Classic", "Software Product", "Inactive"),
    ("Quantum Sandbox", "Training Service", "Draft"),
]
# fmt: on
