"use strict";
const { randomUUID } = require("node:crypto");
const key = randomUUID();
const GREETING = "hello";
const yaml = `definitionVersion: 7
isCodeNative: true
name: Order notices
description: Posts orders
requiredConfigVars:
  - key: Channel
    stableKey: channel
    dataType: string
    defaultValue: general
    orgOnly: false
flows:
  - name: Receive order
    stableKey: receive-order
    description: ""
    steps:
      - name: On Trigger
        stableKey: receive-order-onTrigger
        description: ""
        isTrigger: true
        action:
          key: receiveOrder_onTrigger
          component:
            key: ${key}
            version: LATEST
            isPublic: false
      - name: On Execution
        stableKey: receive-order-onExecution
        description: ""
        action:
          key: receiveOrder_onExecution
          component:
            key: ${key}
            version: LATEST
            isPublic: false
    supplementalComponents:
      - key: webhook-triggers
        isPublic: true
        version: LATEST
configPages:
  - name: Settings
    elements:
      - type: configVar
        value: Channel
importMetadata: {}
`;
exports.default = {
  key,
  public: false,
  display: { label: "Order notices", description: "Posts orders" },
  actions: {
    receiveOrder_onExecution: {
      key: "receiveOrder_onExecution",
      display: { label: "Receive order - onExecution", description: "Runs" },
      inputs: [],
      perform: async () => ({ data: GREETING }),
    },
  },
  triggers: {
    receiveOrder_onTrigger: {
      key: "receiveOrder_onTrigger",
      display: { label: "Receive order - onTrigger", description: "Answers" },
      inputs: [],
      perform: async (_, payload) => ({ payload }),
      scheduleSupport: "invalid",
      synchronousResponseSupport: "valid",
    },
  },
  dataSources: {},
  connections: [],
  codeNativeIntegrationYAML: yaml,
  publishingMetadata: { flowsWithCustomerRequiredAPIKeys: [] },
};
